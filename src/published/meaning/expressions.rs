use ruff_python_ast::{
    Comprehension, Expr, ExprCall, ExprCompare, ExprFString, ExprTString, FStringPart, InterpolatedElement,
    InterpolatedStringElement, Number,
};

use super::encoder::Encoder;

impl Encoder {
    pub(super) fn expression(&mut self, expression: &Expr) {
        match expression {
            Expr::Name(it) => self.node("Name", |e| e.text(&it.id)),
            Expr::Attribute(it) => self.node("Attribute", |e| {
                e.expression(&it.value);
                e.identifier(&it.attr);
            }),
            Expr::Call(it) => self.call(it),
            Expr::Subscript(it) => self.node("Subscript", |e| {
                e.expression(&it.value);
                e.expression(&it.slice);
            }),
            Expr::Slice(it) => self.node("Slice", |e| {
                e.maybe(it.lower.as_deref());
                e.maybe(it.upper.as_deref());
                e.maybe(it.step.as_deref());
            }),
            Expr::Starred(it) => self.node("Starred", |e| e.expression(&it.value)),
            Expr::List(it) => self.node("List", |e| e.expressions(&it.elts)),
            Expr::Tuple(it) => self.node("Tuple", |e| e.expressions(&it.elts)),
            Expr::Set(it) => self.node("Set", |e| e.expressions(&it.elts)),
            Expr::Dict(it) => self.node("Dict", |e| {
                e.list(&it.items, |e, item| {
                    e.maybe(item.key.as_ref());
                    e.expression(&item.value);
                });
            }),
            Expr::ListComp(it) => self.comprehension("ListComp", &it.elt, &it.generators),
            Expr::SetComp(it) => self.comprehension("SetComp", &it.elt, &it.generators),
            Expr::Generator(it) => self.comprehension("GeneratorExp", &it.elt, &it.generators),
            Expr::DictComp(it) => self.node("DictComp", |e| {
                e.maybe(it.key.as_deref());
                e.expression(&it.value);
                e.list(&it.generators, Self::generator);
            }),
            Expr::BoolOp(_) | Expr::BinOp(_) | Expr::UnaryOp(_) | Expr::Compare(_) => self.operation(expression),
            Expr::Named(it) => self.node("NamedExpr", |e| {
                e.expression(&it.target);
                e.expression(&it.value);
            }),
            Expr::Lambda(it) => self.node("Lambda", |e| {
                e.option(it.parameters.as_deref(), Self::parameters);
                e.expression(&it.body);
            }),
            Expr::If(it) => self.node("IfExp", |e| {
                e.expression(&it.test);
                e.expression(&it.body);
                e.expression(&it.orelse);
            }),
            Expr::Await(it) => self.node("Await", |e| e.expression(&it.value)),
            Expr::Yield(it) => self.node("Yield", |e| e.maybe(it.value.as_deref())),
            Expr::YieldFrom(it) => self.node("YieldFrom", |e| e.expression(&it.value)),
            _ => self.constant(expression),
        }
    }

    fn operation(&mut self, expression: &Expr) {
        match expression {
            Expr::BoolOp(it) => self.node("BoolOp", |e| {
                e.text(it.op.as_str());
                e.expressions(&it.values);
            }),
            Expr::BinOp(it) => self.node("BinOp", |e| {
                e.expression(&it.left);
                e.text(it.op.as_str());
                e.expression(&it.right);
            }),
            Expr::UnaryOp(it) => self.node("UnaryOp", |e| {
                e.text(it.op.as_str());
                e.expression(&it.operand);
            }),
            Expr::Compare(it) => self.comparison(it),
            _ => {}
        }
    }

    fn comparison(&mut self, it: &ExprCompare) {
        self.node("Compare", |e| {
            e.expression(&it.left);
            e.list(&it.ops, |e, op| e.text(op.as_str()));
            e.expressions(&it.comparators);
        });
    }

    /// The values of literals: how they are written is not told.
    fn constant(&mut self, expression: &Expr) {
        match expression {
            Expr::StringLiteral(it) => self.string(it.value.to_str()),
            Expr::BytesLiteral(it) => self.node("bytes", |e| e.bytes(&it.value.bytes().collect::<Vec<u8>>())),
            Expr::NumberLiteral(it) => match &it.value {
                Number::Int(value) => self.node("int", |e| e.text(&value.to_string().replace('_', "").to_lowercase())),
                Number::Float(value) => self.node("float", |e| e.bytes(&value.to_bits().to_be_bytes())),
                Number::Complex { real, imag } => self.node("complex", |e| {
                    e.bytes(&real.to_bits().to_be_bytes());
                    e.bytes(&imag.to_bits().to_be_bytes());
                }),
            },
            Expr::BooleanLiteral(it) => self.node("bool", |e| e.flag(it.value)),
            Expr::NoneLiteral(_) => self.node("None", |_| {}),
            Expr::EllipsisLiteral(_) => self.node("Ellipsis", |_| {}),
            Expr::FString(it) => self.f_string(it),
            Expr::TString(it) => self.t_string(it),
            Expr::IpyEscapeCommand(it) => self.node("IpyEscapeCommand", |e| e.text(&it.value)),
            _ => {}
        }
    }

    fn string(&mut self, value: &str) {
        self.node("str", |e| e.text(value));
    }

    fn call(&mut self, it: &ExprCall) {
        self.node("Call", |e| {
            e.expression(&it.func);
            e.expressions(&it.arguments.args);
            e.list(&it.arguments.keywords, Self::keyword);
        });
    }

    fn comprehension(&mut self, kind: &str, element: &Expr, generators: &[Comprehension]) {
        self.node(kind, |e| {
            e.expression(element);
            e.list(generators, Self::generator);
        });
    }

    fn generator(&mut self, it: &Comprehension) {
        self.node("comprehension", |e| {
            e.expression(&it.target);
            e.expression(&it.iter);
            e.expressions(&it.ifs);
            e.flag(it.is_async);
        });
    }

    fn f_string(&mut self, it: &ExprFString) {
        let mut pieces = Pieces::default();
        for part in &it.value {
            match part {
                FStringPart::Literal(literal) => pieces.text.push_str(literal.as_str()),
                FStringPart::FString(part) => pieces.elements(&part.elements),
            }
        }
        match pieces.finish().as_slice() {
            // Without anything to fill in it is a string.
            [] => self.string(""),
            [Piece::Text(text)] => self.string(text),
            pieces => self.node("JoinedStr", |e| e.list(pieces, Self::piece)),
        }
    }

    fn t_string(&mut self, it: &ExprTString) {
        let mut pieces = Pieces::default();
        for part in &it.value {
            pieces.elements(&part.elements);
        }
        self.node("TemplateStr", |e| e.list(&pieces.finish(), Self::piece));
    }

    fn piece(&mut self, piece: &Piece<'_>) {
        let it = match piece {
            Piece::Text(text) => return self.string(text),
            Piece::Value(it) => it,
        };
        self.node("FormattedValue", |e| {
            e.expression(&it.expression);
            e.text(match it.conversion {
                ruff_python_ast::ConversionFlag::None => "",
                ruff_python_ast::ConversionFlag::Str => "s",
                ruff_python_ast::ConversionFlag::Ascii => "a",
                ruff_python_ast::ConversionFlag::Repr => "r",
            });
            // `f"{x = }"` prints its own text.
            e.option(it.debug_text.as_ref(), |e, text| e.text(text.as_str()));
            e.option(it.format_spec.as_ref(), |e, format| {
                let mut pieces = Pieces::default();
                pieces.elements(&format.elements);
                e.list(&pieces.finish(), Self::piece);
            });
        });
    }
}

/// A part of an f-string.
enum Piece<'a> {
    Text(String),
    Value(&'a InterpolatedElement),
}

/// Parts of an f-string, adjacent texts joined.
#[derive(Default)]
struct Pieces<'a> {
    done: Vec<Piece<'a>>,
    text: String,
}

impl<'a> Pieces<'a> {
    fn elements(&mut self, elements: impl IntoIterator<Item = &'a InterpolatedStringElement>) {
        for element in elements {
            match element {
                InterpolatedStringElement::Literal(literal) => self.text.push_str(&literal.value),
                InterpolatedStringElement::Interpolation(value) => {
                    self.end_text();
                    self.done.push(Piece::Value(value));
                }
            }
        }
    }

    fn end_text(&mut self) {
        if !self.text.is_empty() {
            self.done.push(Piece::Text(std::mem::take(&mut self.text)));
        }
    }

    fn finish(mut self) -> Vec<Piece<'a>> {
        self.end_text();
        self.done
    }
}
