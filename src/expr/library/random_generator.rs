//! `RNGCryptoServiceProvider`.

use super::array::{Array, to_bytes};
use super::range;
use crate::expr::code::Run;
use crate::expr::fault::Fault;
use crate::expr::types::{Table, Ty, TypeId};
use crate::expr::value::{Object, Value};

/// `RNGCryptoServiceProvider`.
struct Generator;

impl Object for Generator {
    fn ty(&self) -> Ty {
        Ty::Named(TypeId::RngCryptoServiceProvider)
    }
}

/// Fills a part of an array with random bytes that `accept` accepts.
fn fill(
    run: &mut Run<'_>,
    array: &Value,
    part: Option<(&Value, &Value)>,
    accept: fn(u8) -> bool,
) -> Result<Value, Fault> {
    let mut data = to_bytes(array, "data")?;
    let range = match part {
        Some((offset, count)) => {
            let (start, count) = range::part(offset, count, data.len())?;
            start..start + count
        }
        None => 0..data.len(),
    };
    let bytes = data.get_mut(range).unwrap_or_default();
    run.host.random_bytes(bytes);
    for byte in bytes {
        while !accept(*byte) {
            run.step()?;
            run.host.random_bytes(std::slice::from_mut(byte));
        }
    }
    if let Some(array) = array.downcast::<Array>() {
        array.replace(data.into_iter().map(Value::Byte).collect());
    }
    Ok(Value::Null)
}

/// Adds the members.
pub(super) fn register(table: &mut Table) {
    table
        .on(TypeId::RngCryptoServiceProvider)
        .def("new()", |_, _| Ok(Value::object(Generator)))
        .def("new(string str)", |_, _| Ok(Value::object(Generator)))
        .def("new(byte[] rgb)", |_, _| Ok(Value::object(Generator)))
        .def("void GetBytes(byte[] data)", |run, a| fill(run, &a[1], None, |_| true))
        .def("void GetBytes(byte[] data, int offset, int count)", |run, a| {
            fill(run, &a[1], Some((&a[2], &a[3])), |_| true)
        })
        .def("void GetNonZeroBytes(byte[] data)", |run, a| fill(run, &a[1], None, |byte| byte != 0))
        .def("void Dispose()", |_, _| Ok(Value::Null));
}
