//! `System.Random`.

use std::sync::{Mutex, PoisonError};

use crate::expr::dotnet::exception::Exception;
use crate::expr::dotnet::random::Random;
use crate::expr::fault::Fault;
use crate::expr::library::args::int;
use crate::expr::library::array::{Array, to_bytes};
use crate::expr::types::{Table, Ty, TypeId};
use crate::expr::value::{Object, Value};

struct RandomObject(Mutex<Random>);

impl Object for RandomObject {
    fn ty(&self) -> Ty {
        Ty::Named(TypeId::Random)
    }
}

fn make(seed: i32) -> Value {
    Value::object(RandomObject(Mutex::new(Random::new(seed))))
}

fn with<T>(value: &Value, work: impl FnOnce(&mut Random) -> Result<T, Exception>) -> Result<T, Fault> {
    match value.downcast::<RandomObject>() {
        Some(random) => Ok(work(&mut random.0.lock().unwrap_or_else(PoisonError::into_inner))?),
        None => Err(Fault::null_reference()),
    }
}

/// Adds the members of `Random`.
pub(super) fn register(table: &mut Table) {
    table
        .on(TypeId::Random)
        .def("new()", |run, _| Ok(make(run.host.random_seed())))
        .def("new(int Seed)", |_, a| Ok(make(int(&a[0]))))
        .def("int Next()", |_, a| Ok(with(&a[0], |random| Ok(random.next_int()))?.into()))
        .def("int Next(int maxValue)", |_, a| Ok(with(&a[0], |random| random.next_below(int(&a[1])))?.into()))
        .def("int Next(int minValue, int maxValue)", |_, a| {
            Ok(with(&a[0], |random| random.next_between(int(&a[1]), int(&a[2])))?.into())
        })
        .def("double NextDouble()", |_, a| Ok(with(&a[0], |random| Ok(random.next_double()))?.into()))
        .def("void NextBytes(byte[] buffer)", |_, a| {
            let mut buffer = to_bytes(&a[1], "buffer")?;
            with(&a[0], |random| {
                random.next_bytes(&mut buffer);
                Ok(())
            })?;
            if let Some(array) = a[1].downcast::<Array>() {
                array.replace(buffer.into_iter().map(Value::Byte).collect());
            }
            Ok(Value::Null)
        });
}
