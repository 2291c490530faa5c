//! `Dictionary<K, V>`: the object and its members.

use std::sync::Arc;

use super::args::required;
use super::array::strings;
use super::comparers;
use super::dictionary_views::{Part, PartView};
use super::hash_table::HashTable;
use super::string::Comparer;
use super::string::Comparison;
use super::{key_value_pair, range};
use crate::expr::code::Run;
use crate::expr::fault::Fault;
use crate::expr::types::{Table, Ty, TypeId};
use crate::expr::value::{Iterate, Object, Value, release};

/// A `Dictionary<K, V>` object.
pub(crate) struct Dictionary {
    /// `K` and `V`.
    pub(super) types: Arc<[Ty]>,
    pub(super) table: HashTable,
}

impl Object for Dictionary {
    fn ty(&self) -> Ty {
        Ty::Generic(TypeId::Dictionary, Arc::clone(&self.types))
    }

    fn lookup(&self, run: &mut Run<'_>, key: &Value) -> Result<Option<Option<Value>>, Fault> {
        self.get(run, key).map(Some)
    }

    fn entries(&self) -> Option<Vec<(Value, Value)>> {
        let mut walk = self.table.walk();
        let mut all = Vec::new();
        while let Ok(Some(pair)) = walk.next() {
            all.push(pair);
        }
        Some(all)
    }

    fn iterate(&self, _: &mut Run<'_>) -> Result<Option<Box<dyn Iterate>>, Fault> {
        let (mut walk, types) = (self.table.walk(), Arc::clone(&self.types));
        Ok(Some(Box::new(move |_: &mut Run<'_>| match walk.next()? {
            Some((key, value)) => key_value_pair::pair(&types, key, value).map(Some),
            None => Ok(None),
        })))
    }
}

impl Dictionary {
    /// `K` and `V`.
    pub(crate) fn types(&self) -> (&Ty, &Ty) {
        match &*self.types {
            [key, value] => (key, value),
            _ => (&Ty::Null, &Ty::Null),
        }
    }
}

/// A `Dictionary<K, V>` of pairs; of those with the same key the last is kept.
pub(crate) fn make(key: Ty, value: Ty, pairs: Vec<(Value, Value)>) -> Value {
    make_with(key, value, pairs, None)
}

/// A `Dictionary<K, V>` whose keys an `IEqualityComparer<K>` compares; null is the default one.
pub(crate) fn make_with(key: Ty, value: Ty, pairs: Vec<(Value, Value)>, comparer: Option<&Value>) -> Value {
    let table = HashTable::new(comparer.unwrap_or(&Value::Null));
    for (key, value) in pairs {
        release(table.with(|state| state.set(key, value)));
    }
    Value::object(Dictionary { types: Arc::from([key, value]), table })
}

/// The headers of a response: names compare without case.
pub(crate) fn of_headers(headers: &[(String, Vec<String>)]) -> Value {
    let pairs = headers.iter().map(|(name, values)| (name.as_str().into(), strings(values.iter().map(String::as_str))));
    let comparer = Value::object(Comparer(Comparison::Ordinal { ignores_case: true }));
    make_with(Ty::String, Ty::array(Ty::String), pairs.collect(), Some(&comparer))
}

/// What a new pair costs.
const PAIR: usize = 4 * size_of::<Value>();

/// The instance.
pub(super) fn this(a: &[Value]) -> Result<&Dictionary, Fault> {
    a.first().and_then(Value::downcast).ok_or_else(Fault::null_reference)
}

/// `KeyNotFoundException`.
pub(crate) fn missing(run: &mut Run<'_>, key: &Value) -> Fault {
    match run.text_of(key) {
        Ok(text) => {
            let message = format!("The given key '{text}' was not present in the dictionary.");
            Fault::new(TypeId::KeyNotFoundException, message)
        }
        Err(fault) => fault,
    }
}

impl Dictionary {
    /// `Add`.
    pub(crate) fn add(&self, run: &mut Run<'_>, key: &Value, value: &Value) -> Result<(), Fault> {
        required(key, "key")?;
        run.charge(PAIR)?;
        self.table.pay(run, key)?;
        if self.table.with(|state| state.add(key.clone(), value.clone())) {
            return Ok(());
        }
        let text = run.text_of(key)?;
        Err(Fault::argument(format!("An item with the same key has already been added. Key: {text}")))
    }

    pub(super) fn get(&self, run: &mut Run<'_>, key: &Value) -> Result<Option<Value>, Fault> {
        required(key, "key")?;
        self.table.pay(run, key)?;
        Ok(self.table.with(|state| state.get(key).map(|(_, value)| value.clone())))
    }

    pub(super) fn set(&self, run: &mut Run<'_>, key: &Value, value: &Value) -> Result<(), Fault> {
        required(key, "key")?;
        run.charge(PAIR)?;
        self.table.pay(run, key)?;
        release(self.table.with(|state| state.set(key.clone(), value.clone())));
        Ok(())
    }

    pub(super) fn part(&self, part: Part) -> Value {
        Value::object(PartView { part, types: Arc::clone(&self.types), table: self.table.clone() })
    }
}

fn filled(run: &mut Run<'_>, pairs: &Value, parameter: &str, comparer: &Value) -> Result<Value, Fault> {
    let dictionary =
        Dictionary { types: Arc::from([run.type_arg(0), run.type_arg(1)]), table: HashTable::new(comparer) };
    run.charge(96)?;
    let mut items = run.iterate(required(pairs, parameter)?)?;
    while let Some(item) = items.next(run)? {
        run.step()?;
        let (key, value) = key_value_pair::parts(&item);
        dictionary.add(run, &key, &value)?;
    }
    Ok(Value::object(dictionary))
}

fn empty(run: &mut Run<'_>, comparer: &Value) -> Result<Value, Fault> {
    run.charge(96)?;
    Ok(make_with(run.type_arg(0), run.type_arg(1), Vec::new(), Some(comparer)))
}

/// Adds the members.
pub(super) fn register(table: &mut Table) {
    table
        .on(TypeId::Dictionary)
        .def("new()", |run, _| empty(run, &Value::Null))
        .def("new(int capacity)", |run, a| {
            run.charge(range::count(&a[0], "capacity")?.saturating_mul(PAIR))?;
            empty(run, &Value::Null)
        })
        .def("new(IEqualityComparer<K> comparer)", |run, a| empty(run, &a[0]))
        .def("new(int capacity, IEqualityComparer<K> comparer)", |run, a| {
            run.charge(range::count(&a[0], "capacity")?.saturating_mul(PAIR))?;
            empty(run, &a[1])
        })
        .def("new(IDictionary<K, V> dictionary)", |run, a| filled(run, &a[0], "dictionary", &Value::Null))
        .def("new(IDictionary<K, V> dictionary, IEqualityComparer<K> comparer)", |run, a| {
            filled(run, &a[0], "dictionary", &a[1])
        })
        .def("new(IEnumerable<KeyValuePair<K, V>> collection)", |run, a| filled(run, &a[0], "collection", &Value::Null))
        .def("new(IEnumerable<KeyValuePair<K, V>> collection, IEqualityComparer<K> comparer)", |run, a| {
            filled(run, &a[0], "collection", &a[1])
        })
        .def("int Count", |_, a| Ok((this(a)?.table.len() as i32).into()))
        .def("IEqualityComparer<K> Comparer", |run, a| match this(a)?.table.comparer() {
            Value::Null => Ok(comparers::default_of(TypeId::EqualityComparer, run.type_arg(0))),
            comparer => Ok(comparer),
        })
        .def_set(
            "V this[K key]",
            |run, a| match this(a)?.get(run, &a[1])? {
                Some(value) => Ok(value),
                None => Err(missing(run, &a[1])),
            },
            |run, a| this(a)?.set(run, &a[1], &a[2]).map(|()| Value::Null),
        )
        .def("void Add(K key, V value)", |run, a| this(a)?.add(run, &a[1], &a[2]).map(|()| Value::Null))
        .def("bool TryAdd(K key, V value)", |run, a| {
            required(&a[1], "key")?;
            run.charge(PAIR)?;
            let (key, value) = (a[1].clone(), a[2].clone());
            let table = &this(a)?.table;
            table.pay(run, &key)?;
            Ok(table.with(|state| state.add(key, value)).into())
        })
        .def("int EnsureCapacity(int capacity)", |run, a| {
            let wanted = range::count(&a[1], "capacity")?;
            run.charge(wanted.saturating_mul(PAIR))?;
            Ok(Value::Int(wanted.max(this(a)?.table.len()) as i32))
        })
        .def("void TrimExcess()", |_, a| this(a).map(|_| Value::Null))
        .def("bool ContainsKey(K key)", |run, a| Ok(this(a)?.get(run, &a[1])?.is_some().into()))
        .def("bool ContainsValue(V value)", |run, a| {
            let dictionary = this(a)?;
            run.steps(dictionary.table.len() * 2 + 1)?;
            Ok(dictionary.table.with(|state| state.pairs().any(|(_, value)| value.equals(&a[1]))).into())
        })
        .def("bool TryGetValue(K key, out V value)", |run, a| {
            let found = this(a)?.get(run, &a[1])?;
            let has = found.is_some();
            a[2] = found.unwrap_or_else(|| Value::default_of(&run.type_arg(1)));
            Ok(has.into())
        })
        .def("bool Remove(K key)", |run, a| {
            required(&a[1], "key")?;
            this(a)?.table.pay(run, &a[1])?;
            let removed = this(a)?.table.with(|state| state.remove(&a[1]));
            let has = removed.is_some();
            release(removed.into_iter().flat_map(|(key, value)| [key, value]));
            Ok(has.into())
        })
        .def("bool Remove(K key, out V value)", |run, a| {
            required(&a[1], "key")?;
            this(a)?.table.pay(run, &a[1])?;
            let removed = this(a)?.table.with(|state| state.remove(&a[1]));
            let has = removed.is_some();
            a[2] = removed.map_or_else(|| Value::default_of(&run.type_arg(1)), |(_, value)| value);
            Ok(has.into())
        })
        .def("void Clear()", |_, a| {
            this(a)?.table.with(|state| state.clear());
            Ok(Value::Null)
        })
        .def("KeyCollection<K, V> Keys", |_, a| Ok(this(a)?.part(Part::Keys)))
        .def("ValueCollection<K, V> Values", |_, a| Ok(this(a)?.part(Part::Values)));
}
