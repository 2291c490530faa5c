//! Symmetric encryption: `SymmetricAlgorithm`, and the `Encrypt` and `Decrypt` helpers on byte arrays.

use std::sync::{Mutex, PoisonError};

use crate::expr::code::Run;
use crate::expr::dotnet::crypto::{Algorithm, CipherMode, PaddingMode, Symmetric};
use crate::expr::fault::Fault;
use crate::expr::library::args::{int, string};
use crate::expr::library::array::{bytes, to_bytes};
use crate::expr::library::convert::cut;
use crate::expr::library::rsa::key_sizes;
use crate::expr::types::{Table, Ty, TypeId};
use crate::expr::value::{Object, Value};

/// What an algorithm object is set to.
#[derive(Clone)]
struct State {
    symmetric: Symmetric,
    key: Vec<u8>,
    iv: Vec<u8>,
}

struct AlgorithmObject(Mutex<State>);

impl Object for AlgorithmObject {
    fn ty(&self) -> Ty {
        Ty::Named(match self.state().symmetric.algorithm {
            Algorithm::Aes => TypeId::Aes,
            Algorithm::TripleDes => TypeId::TripleDES,
            Algorithm::Des | Algorithm::Rc2 => TypeId::SymmetricAlgorithm,
        })
    }
}

impl AlgorithmObject {
    fn state(&self) -> State {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn random(run: &mut Run<'_>, count: usize) -> Vec<u8> {
    let mut bytes = vec![0; count];
    run.host.random_bytes(&mut bytes);
    bytes
}

fn create(run: &mut Run<'_>, algorithm: Algorithm) -> Value {
    let key = random(run, algorithm.default_key_size());
    let iv = random(run, algorithm.block_size());
    Value::object(AlgorithmObject(Mutex::new(State { symmetric: Symmetric::new(algorithm), key, iv })))
}

fn get(value: &Value) -> Result<&AlgorithmObject, Fault> {
    value.downcast::<AlgorithmObject>().ok_or_else(|| Fault::argument_null("alg"))
}

/// Changes an algorithm object.
fn change(value: &Value, work: impl FnOnce(&mut State)) -> Result<Value, Fault> {
    work(&mut get(value)?.0.lock().unwrap_or_else(PoisonError::into_inner));
    Ok(Value::Null)
}

fn mode_number(mode: CipherMode) -> i64 {
    match mode {
        CipherMode::Cbc => 1,
        CipherMode::Ecb => 2,
        CipherMode::Cfb => 4,
    }
}

fn block_bits(value: &Value) -> Result<i32, Fault> {
    Ok(get(value)?.state().symmetric.algorithm.block_size() as i32 * 8)
}

fn bad(message: &str) -> Fault {
    Fault::new(TypeId::CryptographicException, message)
}

/// What the helpers are called with: the algorithm comes second.
fn state(run: &mut Run<'_>, a: &[Value]) -> Result<State, Fault> {
    let mut state = match &a[1] {
        Value::Str(name) => {
            let algorithm = Algorithm::by_name(&name.text()).ok_or_else(|| {
                Fault::argument(format!("`{}` is not a known symmetric algorithm. (Parameter 'alg')", name.text()))
            })?;
            State { symmetric: Symmetric::new(algorithm), key: Vec::new(), iv: Vec::new() }
        }
        Value::Null => return Err(Fault::argument_null("alg")),
        object => get(object)?.state(),
    };
    if a.len() > 2 {
        state.key = to_bytes(&a[2], "key")?;
        state.iv = to_bytes(&a[3], "iv")?;
    }
    run.steps(16)?;
    Ok(state)
}

fn encrypt(run: &mut Run<'_>, a: &[Value]) -> Result<Value, Fault> {
    let data = to_bytes(&a[0], "input")?;
    let State { symmetric, key, iv } = state(run, a)?;
    run.charge(data.len())?;
    run.steps(data.len() / 16)?;
    let mut fill = |bytes: &mut [u8]| run.host.random_bytes(bytes);
    Ok(bytes(symmetric.encrypt(&data, &key, &iv, &mut fill)?))
}

fn decrypt(run: &mut Run<'_>, a: &[Value]) -> Result<Value, Fault> {
    let data = to_bytes(&a[0], "input")?;
    let State { symmetric, key, iv } = state(run, a)?;
    run.charge(data.len())?;
    run.steps(data.len() / 16)?;
    Ok(bytes(symmetric.decrypt(&data, &key, &iv)?))
}

/// Adds the members of `SymmetricAlgorithm` and the helpers.
pub(super) fn register(table: &mut Table) {
    table
        .on(TypeId::ContextExtensions)
        .def("static byte[] Encrypt(this byte[] input, string alg, byte[] key, byte[] iv)", |run, a| encrypt(run, a))
        .def("static byte[] Encrypt(this byte[] input, SymmetricAlgorithm alg)", |run, a| encrypt(run, a))
        .def("static byte[] Encrypt(this byte[] input, SymmetricAlgorithm alg, byte[] key, byte[] iv)", |run, a| {
            encrypt(run, a)
        })
        .def("static byte[] Decrypt(this byte[] input, string alg, byte[] key, byte[] iv)", |run, a| decrypt(run, a))
        .def("static byte[] Decrypt(this byte[] input, SymmetricAlgorithm alg)", |run, a| decrypt(run, a))
        .def("static byte[] Decrypt(this byte[] input, SymmetricAlgorithm alg, byte[] key, byte[] iv)", |run, a| {
            decrypt(run, a)
        });
    table.on(TypeId::SymmetricAlgorithm).def("static SymmetricAlgorithm Create(string algName)", |run, a| {
        let algorithm = Algorithm::by_name(&string(&a[0], "algName")?.text());
        Ok(algorithm.map_or(Value::Null, |algorithm| create(run, algorithm)))
    });
    table
        .on(TypeId::SymmetricAlgorithm)
        .def("lenient static SymmetricAlgorithm Create()", |run, _| Ok(create(run, Algorithm::Aes)));
    properties(table);
    transforms(table);
    table.on(TypeId::Aes).def("lenient static Aes Create()", |run, _| Ok(create(run, Algorithm::Aes)));
    table
        .on(TypeId::TripleDES)
        .def("lenient static TripleDES Create()", |run, _| Ok(create(run, Algorithm::TripleDes)));
}

fn properties(table: &mut Table) {
    table
        .on(TypeId::SymmetricAlgorithm)
        .def_set(
            "byte[] Key",
            |_, a| Ok(bytes(get(&a[0])?.state().key)),
            |_, a| {
                let key = to_bytes(&a[1], "value")?;
                if !get(&a[0])?.state().symmetric.algorithm.accepts_key_size(key.len()) {
                    return Err(bad("Specified key is not a valid size for this algorithm."));
                }
                change(&a[0], |state| state.key = key)
            },
        )
        .def_set(
            "byte[] IV",
            |_, a| Ok(bytes(get(&a[0])?.state().iv)),
            |_, a| {
                let iv = to_bytes(&a[1], "value")?;
                if iv.len() != get(&a[0])?.state().symmetric.algorithm.block_size() {
                    return Err(bad(
                        "Specified initialization vector (IV) does not match the block size for this algorithm.",
                    ));
                }
                change(&a[0], |state| state.iv = iv)
            },
        )
        .def_set(
            "CipherMode Mode",
            |_, a| Ok(Value::enumeration(TypeId::CipherMode, mode_number(get(&a[0])?.state().symmetric.mode))),
            |_, a| {
                let mode = match int(&a[1]) {
                    1 => CipherMode::Cbc,
                    2 => CipherMode::Ecb,
                    4 => CipherMode::Cfb,
                    _ => return Err(bad("Specified cipher mode is not valid for this algorithm.")),
                };
                change(&a[0], |state| state.symmetric.mode = mode)
            },
        )
        .def_set(
            "PaddingMode Padding",
            |_, a| Ok(Value::enumeration(TypeId::PaddingMode, get(&a[0])?.state().symmetric.padding as i64 + 1)),
            |_, a| {
                let padding = match int(&a[1]) {
                    1 => PaddingMode::None,
                    2 => PaddingMode::Pkcs7,
                    3 => PaddingMode::Zeros,
                    4 => PaddingMode::AnsiX923,
                    5 => PaddingMode::Iso10126,
                    _ => return Err(bad("Specified padding mode is not valid for this algorithm.")),
                };
                change(&a[0], |state| state.symmetric.padding = padding)
            },
        )
        .def_set(
            "int KeySize",
            |_, a| Ok(Value::Int(get(&a[0])?.state().key.len() as i32 * 8)),
            |run, a| {
                let size = usize::try_from(int(&a[1]) / 8).unwrap_or(0);
                if int(&a[1]) % 8 != 0 || !get(&a[0])?.state().symmetric.algorithm.accepts_key_size(size) {
                    return Err(bad("Specified key is not a valid size for this algorithm."));
                }
                let key = random(run, size);
                change(&a[0], |state| state.key = key)
            },
        )
        .def_set(
            "int BlockSize",
            |_, a| Ok(Value::Int(block_bits(&a[0])?)),
            |_, a| match int(&a[1]) == block_bits(&a[0])? {
                true => Ok(Value::Null),
                false => Err(bad("Specified block size is not valid for this algorithm.")),
            },
        )
        .def_set(
            "int FeedbackSize",
            |_, a| Ok(Value::Int(get(&a[0])?.state().symmetric.feedback as i32 * 8)),
            |_, a| {
                let bits = int(&a[1]);
                if bits <= 0 || bits % 8 != 0 || bits > block_bits(&a[0])? {
                    return Err(bad("Specified feedback size is not valid for this algorithm."));
                }
                change(&a[0], |state| state.symmetric.feedback = bits as usize / 8)
            },
        )
        .def("KeySizes[] LegalKeySizes", |_, a| {
            Ok(match get(&a[0])?.state().symmetric.algorithm {
                Algorithm::Aes => key_sizes(128, 256, 64),
                Algorithm::Des => key_sizes(64, 64, 0),
                Algorithm::TripleDes => key_sizes(128, 192, 64),
                Algorithm::Rc2 => key_sizes(40, 128, 8),
            })
        })
        .def("KeySizes[] LegalBlockSizes", |_, a| {
            let bits = block_bits(&a[0])?;
            Ok(key_sizes(bits, bits, 0))
        })
        .def("bool ValidKeySize(int bitLength)", |_, a| {
            let algorithm = get(&a[0])?.state().symmetric.algorithm;
            let size = usize::try_from(int(&a[1])).unwrap_or(0);
            Ok((size % 8 == 0 && algorithm.accepts_key_size(size / 8)).into())
        })
        .def("void GenerateKey()", |run, a| {
            let key = random(run, get(&a[0])?.state().key.len());
            change(&a[0], |state| state.key = key)
        })
        .def("void GenerateIV()", |run, a| {
            let iv = random(run, get(&a[0])?.state().iv.len());
            change(&a[0], |state| state.iv = iv)
        })
        .def("void Clear()", |_, _| Ok(Value::Null))
        .def("void Dispose()", |_, _| Ok(Value::Null));
}

/// An `ICryptoTransform`: what `CreateEncryptor` and `CreateDecryptor` give.
struct Transform {
    state: State,
    direction: Direction,
    taken: Mutex<Vec<u8>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Direction {
    Encrypt,
    Decrypt,
}

impl Object for Transform {
    fn ty(&self) -> Ty {
        Ty::Named(TypeId::CryptoTransform)
    }
}

/// A transform with the key and the vector of the object, or with those of the arguments.
fn transform(args: &[Value], direction: Direction) -> Result<Value, Fault> {
    let mut state = get(&args[0])?.state();
    if args.len() > 1 {
        state.key = to_bytes(&args[1], "rgbKey")?;
        state.iv = if args[2].is_null() { Vec::new() } else { to_bytes(&args[2], "rgbIV")? };
    }
    Ok(Value::object(Transform { state, direction, taken: Mutex::default() }))
}

/// Takes a part of the input; what it becomes is given at the end.
fn take_block(run: &mut Run<'_>, args: &mut [Value]) -> Result<Value, Fault> {
    let transform = args[0].downcast::<Transform>().ok_or_else(Fault::null_reference)?;
    let data = to_bytes(&args[1], "inputBuffer")?;
    let part = cut(&data, &args[2], &args[3])?;
    run.charge(part.len())?;
    transform.taken.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(part);
    Ok(Value::Int(0))
}

fn final_block(run: &mut Run<'_>, args: &mut [Value]) -> Result<Value, Fault> {
    let transform = args[0].downcast::<Transform>().ok_or_else(Fault::null_reference)?;
    let data = to_bytes(&args[1], "inputBuffer")?;
    let mut all = std::mem::take(&mut *transform.taken.lock().unwrap_or_else(PoisonError::into_inner));
    all.extend_from_slice(cut(&data, &args[2], &args[3])?);
    run.charge(all.len())?;
    run.steps(all.len() / 16)?;
    let State { symmetric, key, iv } = &transform.state;
    let mut fill = |bytes: &mut [u8]| run.host.random_bytes(bytes);
    Ok(bytes(match transform.direction {
        Direction::Encrypt => symmetric.encrypt(&all, key, iv, &mut fill)?,
        Direction::Decrypt => symmetric.decrypt(&all, key, iv)?,
    }))
}

fn transforms(table: &mut Table) {
    table
        .on(TypeId::SymmetricAlgorithm)
        .def("ICryptoTransform CreateEncryptor()", |_, a| transform(a, Direction::Encrypt))
        .def("ICryptoTransform CreateEncryptor(byte[] rgbKey, byte[] rgbIV)", |_, a| transform(a, Direction::Encrypt))
        .def("ICryptoTransform CreateDecryptor()", |_, a| transform(a, Direction::Decrypt))
        .def("ICryptoTransform CreateDecryptor(byte[] rgbKey, byte[] rgbIV)", |_, a| transform(a, Direction::Decrypt));
    table
        .on(TypeId::CryptoTransform)
        .def(
            "int TransformBlock(byte[] inputBuffer, int inputOffset, int inputCount, byte[] outputBuffer, int outputOffset)",
            take_block,
        )
        .def("byte[] TransformFinalBlock(byte[] inputBuffer, int inputOffset, int inputCount)", final_block)
        .def("bool CanReuseTransform", |_, _| Ok(true.into()))
        .def("bool CanTransformMultipleBlocks", |_, _| Ok(true.into()));
}
