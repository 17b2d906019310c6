use std::cell::RefCell;
use std::rc::Rc;

use ruff_python_ast::{self as ast, Stmt};
use ruff_text_size::Ranged;
use rustc_hash::FxHashMap;

use super::arguments::Arguments;
use super::call::Call;
use super::collection::assignments;
use super::reader::Reader;
use super::value::{Class, Function, Object, Value};

/// Classes above a class that are looked at.
const MAX_BASES: usize = 8;
/// Objects that are followed: they may hold each other, in a chain as long as there are objects.
const MAX_OBJECTS: usize = 400;

impl<'a> Reader<'a> {
    /// Calls a class.
    pub(super) fn instantiate(&mut self, call: Call<'_, 'a>, class: Class<'a>) -> Value<'a> {
        self.objects += 1;
        if self.objects > MAX_OBJECTS {
            return Value::Unknown;
        }
        let attributes = RefCell::new(FxHashMap::default());
        let object = Rc::new(Object { class, attributes, made_at: self.branches });
        if let Some((owner, function)) = self.method(class, "__init__", 0) {
            self.call_bound(call, owner, function, &object);
        }
        Value::Instance(object)
    }

    /// `object.name(…)`
    pub(super) fn object_method(&mut self, call: Call<'_, 'a>, object: &Rc<Object<'a>>, name: &'a str) -> Value<'a> {
        let attribute = object.attributes.borrow().get(name).cloned();
        if let Some(value) = attribute {
            return self.call_value(call, value);
        }
        match self.method(object.class, name, 0) {
            Some((owner, function)) => self.call_bound(call, owner, function, object),
            None => self.unknown_call(call),
        }
    }

    /// `super().name(…)`
    pub(super) fn super_method(
        &mut self,
        call: Call<'_, 'a>,
        class: Class<'a>,
        object: &Rc<Object<'a>>,
        name: &'a str,
    ) -> Value<'a> {
        for base in self.bases(class) {
            if let Some((owner, function)) = self.method(base, name, 0) {
                return self.call_bound(call, owner, function, object);
            }
        }
        Value::Unknown
    }

    /// `Class.name(…)`
    pub(super) fn class_method(&mut self, call: Call<'_, 'a>, class: Class<'a>, name: &str) -> Value<'a> {
        let Some((owner, function)) = self.method(class, name, 0) else {
            return self.unknown_call(call);
        };
        if is_decorated(function.node, "classmethod") {
            let with_class = with_first(call.arguments, Value::Class(class), call.node);
            return self.call_method_of(owner, call.node, function, &with_class);
        }
        self.call_method_of(owner, call.node, function, call.arguments)
    }

    fn call_bound(
        &mut self,
        call: Call<'_, 'a>,
        owner: Class<'a>,
        function: Function<'a>,
        object: &Rc<Object<'a>>,
    ) -> Value<'a> {
        if is_decorated(function.node, "staticmethod") {
            return self.call_method_of(owner, call.node, function, call.arguments);
        }
        let first = if is_decorated(function.node, "classmethod") {
            Value::Class(object.class)
        } else {
            Value::Instance(Rc::clone(object))
        };
        let with_self = with_first(call.arguments, first, call.node);
        self.call_method_of(owner, call.node, function, &with_self)
    }

    /// The value of `object.name`, if the object or its class has it.
    pub(super) fn object_attribute(&mut self, object: &Rc<Object<'a>>, name: &str) -> Option<Value<'a>> {
        let attribute = object.attributes.borrow().get(name).cloned();
        if attribute.is_some() {
            return attribute;
        }
        let mut classes = vec![object.class];
        classes.extend(self.bases(object.class));
        for class in classes {
            if let Some((_, expr)) = assignments(class.node).find(|(other, _)| *other == name) {
                return Some(self.silently(class.module, expr));
            }
        }
        None
    }

    pub(super) fn set_object_attribute(&mut self, object: &Rc<Object<'a>>, name: &'a str, value: Value<'a>) {
        let value = if object.made_at < self.branches { Value::Unknown } else { value };
        object.attributes.borrow_mut().insert(name, value);
    }

    /// A method and the class that has it: the class itself or the first above it.
    fn method(&mut self, class: Class<'a>, name: &str, above: usize) -> Option<(Class<'a>, Function<'a>)> {
        let own = class.node.body.iter().find_map(|statement| match statement {
            Stmt::FunctionDef(node) if node.name.as_str() == name => Some(node),
            _ => None,
        });
        if let Some(node) = own {
            return Some((class, Function { node, inside: None, module: class.module }));
        }
        if above >= MAX_BASES || !self.may_go_on(class.node.range()) {
            return None;
        }
        self.bases(class).into_iter().find_map(|base| self.method(base, name, above + 1))
    }

    fn bases(&mut self, class: Class<'a>) -> Vec<Class<'a>> {
        let bases = class.node.arguments.iter().flat_map(|arguments| &arguments.args);
        let mut found = Vec::new();
        for base in bases {
            let mut value = self.silently(class.module, base);
            if let Value::Imported(path) = &value {
                value = self.resolve(&path.clone()).unwrap_or(Value::Unknown);
            }
            if let Value::Class(base) = value
                && !std::ptr::eq(base.node, class.node)
            {
                found.push(base);
            }
        }
        found
    }
}

fn is_decorated(node: &ast::StmtFunctionDef, name: &str) -> bool {
    node.decorator_list.iter().any(|decorator| match &decorator.expression {
        ast::Expr::Name(id) => id.id.as_str() == name,
        ast::Expr::Attribute(attribute) => attribute.attr.as_str() == name,
        _ => false,
    })
}

/// The arguments with one more in front.
fn with_first<'a>(arguments: &Arguments<'a>, first: Value<'a>, node: &ast::ExprCall) -> Arguments<'a> {
    let mut with_first = arguments.clone();
    with_first.positional.insert(0, first);
    with_first.ranges.insert(0, node.range());
    with_first
}
