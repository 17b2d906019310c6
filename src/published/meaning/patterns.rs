use ruff_python_ast::{
    Keyword, Parameter, ParameterWithDefault, Parameters, Pattern, PatternMatchMapping, Singleton, TypeParam,
    TypeParams,
};

use super::encoder::Encoder;

impl Encoder {
    pub(super) fn pattern(&mut self, pattern: &Pattern) {
        match pattern {
            Pattern::MatchValue(it) => self.node("MatchValue", |e| e.expression(&it.value)),
            Pattern::MatchSingleton(it) => self.node("MatchSingleton", |e| {
                e.text(match it.value {
                    Singleton::None => "None",
                    Singleton::True => "True",
                    Singleton::False => "False",
                });
            }),
            Pattern::MatchSequence(it) => self.node("MatchSequence", |e| e.list(&it.patterns, Self::pattern)),
            Pattern::MatchMapping(it) => self.mapping(it),
            Pattern::MatchClass(it) => self.node("MatchClass", |e| {
                e.expression(&it.cls);
                e.list(&it.arguments.patterns, Self::pattern);
                e.list(&it.arguments.keywords, |e, keyword| {
                    e.identifier(&keyword.attr);
                    e.pattern(&keyword.pattern);
                });
            }),
            Pattern::MatchStar(it) => self.node("MatchStar", |e| e.option(it.name.as_ref(), Self::identifier)),
            Pattern::MatchAs(it) => self.node("MatchAs", |e| {
                e.option(it.pattern.as_deref(), Self::pattern);
                e.option(it.name.as_ref(), Self::identifier);
            }),
            Pattern::MatchOr(it) => self.node("MatchOr", |e| e.list(&it.patterns, Self::pattern)),
        }
    }

    fn mapping(&mut self, it: &PatternMatchMapping) {
        self.node("MatchMapping", |e| {
            e.expressions(&it.keys);
            e.list(&it.patterns, Self::pattern);
            e.option(it.rest.as_ref(), Self::identifier);
        });
    }

    pub(super) fn parameters(&mut self, it: &Parameters) {
        self.node("arguments", |e| {
            e.list(&it.posonlyargs, Self::parameter_with_default);
            e.list(&it.args, Self::parameter_with_default);
            e.option(it.vararg.as_deref(), Self::parameter);
            e.list(&it.kwonlyargs, Self::parameter_with_default);
            e.option(it.kwarg.as_deref(), Self::parameter);
        });
    }

    fn parameter_with_default(&mut self, it: &ParameterWithDefault) {
        self.parameter(&it.parameter);
        self.maybe(it.default.as_deref());
    }

    fn parameter(&mut self, it: &Parameter) {
        self.node("arg", |e| {
            e.identifier(&it.name);
            e.maybe(it.annotation.as_deref());
        });
    }

    pub(super) fn keyword(&mut self, keyword: &Keyword) {
        self.node("keyword", |e| {
            e.option(keyword.arg.as_ref(), Self::identifier);
            e.expression(&keyword.value);
        });
    }

    pub(super) fn type_params(&mut self, params: Option<&TypeParams>) {
        self.list(params.into_iter().flat_map(|params| &params.type_params), |e, param| match param {
            TypeParam::TypeVar(it) => e.node("TypeVar", |e| {
                e.identifier(&it.name);
                e.maybe(it.bound.as_deref());
                e.maybe(it.default.as_deref());
            }),
            TypeParam::ParamSpec(it) => e.node("ParamSpec", |e| {
                e.identifier(&it.name);
                e.maybe(it.default.as_deref());
            }),
            TypeParam::TypeVarTuple(it) => e.node("TypeVarTuple", |e| {
                e.identifier(&it.name);
                e.maybe(it.default.as_deref());
            }),
        });
    }
}
