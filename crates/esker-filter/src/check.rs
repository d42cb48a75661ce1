//! A walk over a parsed filter: only what is known to be bounded stays, names of headers become places.
//!
//! The library evaluates whatever its parser yields; what may be written is decided here, by a list of what is let in. On the way
//! every `headers.name` becomes one variable, so that evaluation looks nothing up in a map.

use cel::common::ast::{CallExpr, ComprehensionExpr, Expr, IdedExpr, LiteralValue, operators};

use crate::{
    FilterError,
    error::excerpt,
    kind::Kind,
    plan::{MAX_MAPPED_HEADERS, Plan, VARIABLES},
    tokens::Tokens,
};

/// The most levels of a filter's tree; evaluation takes some stack for each.
const MAX_DEPTH: usize = 64;
/// The most steps that one message may take: the nodes of the tree, those within a loop as often as it may go round.
const MAX_STEPS: usize = 8192;

/// Checks a filter, and prepares it for evaluation.
///
/// # Errors
/// It holds something that a filter may not, or cannot yield true.
pub(crate) fn check(expr: &mut IdedExpr, tokens: Tokens<'_>) -> Result<Plan, FilterError> {
    let mut walk = Walk { tokens, plan: Plan::default(), variable: None, rounds: 1, steps: 0 };
    if depth_exceeds(expr, MAX_DEPTH) {
        return Err(walk.refuse("this is nested too deeply, more than 64 levels; split what is chained"));
    }
    let yields = walk.check(expr)?;
    if !yields.may_be_bool() {
        let what = format!("the filter yields {}; it must yield true or false, so compare it", yields.name());
        return Err(walk.tokens.error(0, &what));
    }
    Ok(walk.plan)
}

/// Without recursion: nothing is known of the tree yet but the number of tokens that it came from.
fn depth_exceeds(expr: &IdedExpr, most: usize) -> bool {
    let mut rest = vec![(expr, 1)];
    while let Some((IdedExpr { expr, .. }, depth)) = rest.pop() {
        if depth > most {
            return true;
        }
        let mut add = |inner| rest.push((inner, depth + 1));
        match expr {
            Expr::Call(call) => call.target.as_deref().into_iter().chain(&call.args).for_each(add),
            Expr::List(list) => list.elements.iter().for_each(add),
            Expr::Select(select) => add(&select.operand),
            Expr::Comprehension(fold) => {
                [&fold.iter_range, &fold.accu_init, &fold.loop_cond, &fold.loop_step, &fold.result]
                    .into_iter()
                    .for_each(add);
            }
            // The walk refuses the rest without looking into it.
            _ => {}
        }
    }
    false
}

struct Walk<'a> {
    tokens: Tokens<'a>,
    plan: Plan,
    /// That of the loop that the walk is in.
    variable: Option<String>,
    /// How often that loop may go round.
    rounds: usize,
    steps: usize,
}

type Checked = Result<Kind, FilterError>;

impl Walk<'_> {
    fn refuse(&self, what: &str) -> FilterError {
        self.tokens.error(self.tokens.here(), what)
    }

    /// Counts a step, and passes on what it yields.
    fn step(&mut self, yields: Kind) -> Checked {
        self.steps += self.rounds;
        if self.steps > MAX_STEPS {
            return Err(self.refuse("a message could take more than 8192 steps; do less within loops"));
        }
        Ok(yields)
    }

    fn check(&mut self, expr: &mut IdedExpr) -> Checked {
        let yields = match &mut expr.expr {
            Expr::Literal(literal) => kind_of(literal),
            Expr::Ident(name) => self.variable(name)?,
            Expr::List(list) if list.optional_indices.is_empty() => {
                for element in &mut list.elements {
                    self.check(element)?;
                }
                Kind::List(list.elements.len())
            }
            Expr::Select(select) if is_headers(&select.operand) => {
                self.tokens.pass("headers");
                self.tokens.pass(&select.field);
                let place = self.plan.header(&select.field, select.test);
                let yields = if select.test { Kind::Bool } else { Kind::Text };
                expr.expr = place;
                yields
            }
            Expr::Select(select) => {
                self.check(&mut select.operand)?;
                self.tokens.pass(&select.field);
                let what = format!(
                    "only headers have names in them; a name with a dot in it is written headers['a.b'], not .{}",
                    excerpt(&select.field)
                );
                return Err(self.refuse(&what));
            }
            Expr::Call(call) if is_header_of(call) => {
                let (place, yields) = self.header_call(call)?;
                if let Some(place) = place {
                    expr.expr = place;
                }
                yields
            }
            Expr::Call(call) => self.call(call)?,
            Expr::Comprehension(fold) => self.fold(fold)?,
            Expr::Map(_) => return Err(self.refuse("a filter makes no maps; compare headers one by one")),
            Expr::List(_) | Expr::Struct(_) | Expr::Unspecified => {
                return Err(
                    self.refuse("a filter makes nothing of this kind; compare headers, key, priority, ...")
                );
            }
        };
        self.step(yields)
    }

    fn variable(&mut self, name: &str) -> Checked {
        self.tokens.pass(name);
        if self.variable.as_deref() == Some(name) {
            return Ok(Kind::Any);
        }
        if name == "headers" {
            return Err(
                self.refuse("headers are many; name one, as in headers.colour or headers['content-type']")
            );
        }
        Plan::variable(name).ok_or_else(|| {
            let what = format!(
                "there is no {}; a filter sees {}, and text goes between quotes",
                excerpt(name),
                VARIABLES.join(", ")
            );
            self.refuse(&what)
        })
    }

    /// `headers[name]` and `name in headers`: a place when the name is written out, else a look into all of them.
    fn header_call(&mut self, call: &mut CallExpr) -> Result<(Option<Expr>, Kind), FilterError> {
        let (name, presence, yields) = match call.func_name.as_str() {
            operators::IN => (0, true, Kind::Bool),
            _ => (1, false, Kind::Text),
        };
        if let Expr::Literal(LiteralValue::String(literal)) = &call.args[name].expr {
            self.tokens.pass("headers");
            return Ok((Some(self.plan.header(literal.inner(), presence)), yields));
        }
        let kind = self.check(&mut call.args[name])?;
        if !kind.may_be_text() {
            return Err(self.refuse(&format!("a header's name is text, and this is {}", kind.name())));
        }
        self.plan.map_headers();
        Ok((None, yields))
    }

    fn call(&mut self, call: &mut CallExpr) -> Checked {
        let CallExpr { func_name, target, args } = call;
        match (target, args.as_mut_slice()) {
            (None, [one]) => self.unary(func_name, one),
            (None, [left, right]) if sign(func_name).is_some() => self.binary(func_name, left, right),
            (None, [condition, yes, no]) if func_name == operators::CONDITIONAL => {
                self.check_bool(condition)?;
                self.tokens.pass("?");
                let yes = self.check(yes)?;
                let no = self.check(no)?;
                Ok(yes.either(no))
            }
            (Some(target), []) if func_name == "size" => self.unary("size", target),
            (Some(target), [part])
                if matches!(func_name.as_str(), "startsWith" | "endsWith" | "contains") =>
            {
                let whole = self.check(target)?;
                self.tokens.pass(func_name);
                let here = self.tokens.here();
                let part = self.check(part)?;
                for kind in [whole, part] {
                    if !kind.may_be_text() {
                        let what = format!("{func_name} is for text, and this is {}", kind.name());
                        return Err(self.tokens.error(here, &what));
                    }
                }
                Ok(Kind::Bool)
            }
            _ => {
                self.tokens.pass(func_name);
                Err(self.refuse(&unknown(func_name)))
            }
        }
    }

    fn unary(&mut self, function: &str, operand: &mut IdedExpr) -> Checked {
        match function {
            operators::LOGICAL_NOT => self.check_bool(operand),
            operators::NEGATE => match self.check(operand)? {
                number @ (Kind::Int | Kind::Double) => Ok(number),
                other => Err(self.refuse(&format!("- is for numbers, and this is {}", other.name()))),
            },
            "size" if is_headers(operand) => {
                self.tokens.pass("headers");
                self.plan.map_headers();
                Ok(Kind::Int)
            }
            _ => {
                if Kind::Any.converted(function).is_none() {
                    self.tokens.pass(function);
                    return Err(self.refuse(&unknown(function)));
                }
                let kind = self.check(operand)?;
                kind.converted(function).flatten().ok_or_else(|| {
                    self.refuse(&format!("{function}() makes nothing of this, which is {}", kind.name()))
                })
            }
        }
    }

    fn binary(&mut self, function: &str, left: &mut IdedExpr, right: &mut IdedExpr) -> Checked {
        let sign = sign(function).unwrap_or_default();
        if matches!(function, operators::LOGICAL_AND | operators::LOGICAL_OR) {
            self.check_bool(left)?;
            self.tokens.pass(sign);
            return self.check_bool(right);
        }
        let one = self.check(left)?;
        self.tokens.pass(sign);
        let here = self.tokens.here();
        let other = self.check(right)?;
        let both = format!("{} and {}", one.name(), other.name());
        let (yields, advice) = match function {
            operators::EQUALS | operators::NOT_EQUALS => (
                one.may_equal(other).then_some(Kind::Bool),
                "are never equal; int(headers.n) makes a number of text, has(headers.n) tells whether it is there",
            ),
            operators::LESS | operators::LESS_EQUALS | operators::GREATER | operators::GREATER_EQUALS => (
                one.may_order(other).then_some(Kind::Bool),
                "have no order; int(headers.n) makes a number of text",
            ),
            operators::IN => (
                matches!(other, Kind::List(_)).then_some(Kind::Bool),
                "do not go together: right of `in` is a list, as in ['a', 'b'], or headers",
            ),
            operators::INDEX => (
                matches!((one, other), (Kind::List(_), Kind::Int)).then_some(Kind::Any),
                "do not go together: [ ] takes a name of headers, or a number in a list",
            ),
            _ => (
                one.calculate(other),
                "do not add up: + - * / % are for numbers of one kind; int() and double() make one of the other",
            ),
        };
        yields.ok_or_else(|| self.tokens.error(here, &format!("{both} {advice}")))
    }

    fn check_bool(&mut self, expr: &mut IdedExpr) -> Checked {
        let kind = self.check(expr)?;
        if kind.may_be_bool() {
            return Ok(Kind::Bool);
        }
        let what =
            format!("true or false belongs here, and this is {}; compare it with something", kind.name());
        Err(self.refuse(&what))
    }

    /// `all`, `exists` and `exists_one`, as the parser spells them out.
    fn fold(&mut self, fold: &mut ComprehensionExpr) -> Checked {
        if self.variable.is_some() {
            return Err(
                self.refuse("a loop within a loop; a filter has one level of all, exists, exists_one")
            );
        }
        let rounds = if is_headers(&fold.iter_range) {
            self.tokens.pass("headers");
            self.plan.map_headers();
            MAX_MAPPED_HEADERS
        } else {
            match self.check(&mut fold.iter_range)? {
                Kind::List(len) => len,
                other => {
                    let what = format!("a loop goes over headers or a list, and this is {}", other.name());
                    return Err(self.refuse(&what));
                }
            }
        };
        self.tokens.pass(&fold.iter_var);
        if fold.iter_var2.is_some()
            || fold.iter_var.contains(['.', '@'])
            || VARIABLES.contains(&fold.iter_var.as_str())
        {
            return Err(self.refuse("this cannot name what a loop goes over; take another name, such as x"));
        }
        // What surrounds the condition: less than eight nodes, and the condition at least as often as the loop goes round.
        self.rounds = rounds.max(1);
        self.steps += 8 * self.rounds;
        self.variable = Some(fold.iter_var.clone());
        let Some(condition) = condition_of(fold) else {
            return Err(self.refuse("a filter has the loops all, exists and exists_one, and no others"));
        };
        self.check_bool(condition)?;
        self.variable = None;
        self.rounds = 1;
        Ok(Kind::Bool)
    }
}

/// What a loop asks of each; `None` for loops that make lists, which could grow.
fn condition_of(fold: &mut ComprehensionExpr) -> Option<&mut IdedExpr> {
    let Expr::Call(step) = &mut fold.loop_step.expr else { return None };
    match (&fold.accu_init.expr, step.func_name.as_str(), step.args.as_mut_slice()) {
        (
            Expr::Literal(LiteralValue::Boolean(_)),
            operators::LOGICAL_AND | operators::LOGICAL_OR,
            [_, condition],
        )
        | (Expr::Literal(LiteralValue::Int(_)), operators::CONDITIONAL, [condition, _, _]) => Some(condition),
        _ => None,
    }
}

fn is_headers(expr: &IdedExpr) -> bool {
    matches!(&expr.expr, Expr::Ident(name) if name == "headers")
}

/// Whether it is `headers[...]` or `... in headers`.
fn is_header_of(call: &CallExpr) -> bool {
    match (call.func_name.as_str(), call.target.is_none(), call.args.as_slice()) {
        (operators::INDEX, true, [map, _]) | (operators::IN, true, [_, map]) => is_headers(map),
        _ => false,
    }
}

const fn kind_of(literal: &LiteralValue) -> Kind {
    match literal {
        LiteralValue::Boolean(_) => Kind::Bool,
        LiteralValue::Bytes(_) => Kind::Bytes,
        LiteralValue::Double(_) => Kind::Double,
        LiteralValue::Int(_) => Kind::Int,
        LiteralValue::Null => Kind::Null,
        LiteralValue::String(_) => Kind::Text,
        LiteralValue::UInt(_) => Kind::Unsigned,
    }
}

/// How an operator of two is written.
fn sign(function: &str) -> Option<&'static str> {
    Some(match function {
        operators::LOGICAL_AND => "&&",
        operators::LOGICAL_OR => "||",
        operators::EQUALS => "==",
        operators::NOT_EQUALS => "!=",
        operators::LESS => "<",
        operators::LESS_EQUALS => "<=",
        operators::GREATER => ">",
        operators::GREATER_EQUALS => ">=",
        operators::IN => "in",
        operators::INDEX => "[",
        operators::ADD => "+",
        operators::SUBSTRACT => "-",
        operators::MULTIPLY => "*",
        operators::DIVIDE => "/",
        operators::MODULO => "%",
        _ => return None,
    })
}

fn unknown(function: &str) -> String {
    format!(
        "there is no {} of this form; a filter has startsWith, endsWith, contains, size, has, int, double, string, bool, \
         all, exists and exists_one, and no patterns",
        excerpt(function)
    )
}
