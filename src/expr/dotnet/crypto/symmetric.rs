//! Symmetric encryption: AES, DES, TripleDES and RC2 in CBC, ECB and CFB.

use aes::{Aes128, Aes192, Aes256};
use cipher::{Array, BlockCipherDecrypt, BlockCipherEncrypt, KeyInit};
use des::{Des, TdesEde2, TdesEde3};
use rc2::Rc2;

use super::super::exception::{Exception, Result};
use super::FillRandom;

/// Which cipher.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    /// Keys of 16, 24 or 32 bytes.
    Aes,
    /// Keys of 8 bytes.
    Des,
    /// Keys of 16 or 24 bytes.
    TripleDes,
    /// Keys of 5 to 16 bytes.
    Rc2,
}

/// `System.Security.Cryptography.CipherMode`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CipherMode {
    /// 1
    Cbc,
    /// 2
    Ecb,
    /// 4
    Cfb,
}

/// `System.Security.Cryptography.PaddingMode`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PaddingMode {
    /// 1
    None,
    /// 2
    Pkcs7,
    /// 3
    Zeros,
    /// 4
    AnsiX923,
    /// 5
    Iso10126,
}

impl Algorithm {
    /// The algorithm with a name that `SymmetricAlgorithm.Create(name)` knows.
    pub fn by_name(name: &str) -> Option<Self> {
        let short = name.strip_prefix("System.Security.Cryptography.").unwrap_or(name);
        Some(match short.to_ascii_lowercase().as_str() {
            "aes" | "aesmanaged" | "aescryptoserviceprovider" | "rijndael" | "rijndaelmanaged" => Self::Aes,
            "des" | "descryptoserviceprovider" => Self::Des,
            "3des" | "tripledes" | "triple des" | "tripledescryptoserviceprovider" => Self::TripleDes,
            "rc2" | "rc2cryptoserviceprovider" => Self::Rc2,
            _ => return None,
        })
    }

    /// Bytes of a block.
    pub fn block_size(self) -> usize {
        if self == Self::Aes { 16 } else { 8 }
    }

    /// Bytes of a key made by default.
    pub fn default_key_size(self) -> usize {
        match self {
            Self::Aes => 32,
            Self::Des => 8,
            Self::TripleDes => 24,
            Self::Rc2 => 16,
        }
    }

    /// Whether a key may have `size` bytes.
    pub fn accepts_key_size(self, size: usize) -> bool {
        match self {
            Self::Aes => matches!(size, 16 | 24 | 32),
            Self::Des => size == 8,
            Self::TripleDes => matches!(size, 16 | 24),
            Self::Rc2 => (5..=16).contains(&size),
        }
    }

    fn cipher(self, key: &[u8]) -> Result<Box<dyn BlockCipher>> {
        let made: Option<Box<dyn BlockCipher>> = match (self, key.len()) {
            (Self::Aes, 16) => make::<Aes128>(key),
            (Self::Aes, 24) => make::<Aes192>(key),
            (Self::Aes, 32) => make::<Aes256>(key),
            (Self::Des, 8) => make::<Des>(key),
            (Self::TripleDes, 16) => make::<TdesEde2>(key),
            (Self::TripleDes, 24) => make::<TdesEde3>(key),
            (Self::Rc2, 5..=16) => Some(Box::new(Rc2::new_with_eff_key_len(key, key.len() * 8))),
            _ => None,
        };
        made.ok_or_else(|| Exception::cryptographic("Specified key is not a valid size for this algorithm."))
    }
}

fn make<C: BlockCipher + KeyInit + 'static>(key: &[u8]) -> Option<Box<dyn BlockCipher>> {
    C::new_from_slice(key).ok().map(|cipher| Box::new(cipher) as Box<dyn BlockCipher>)
}

/// A cipher with its key, one block at a time.
trait BlockCipher {
    fn encrypt(&self, block: &mut [u8]);
    fn decrypt(&self, block: &mut [u8]);
}

impl<C: BlockCipherEncrypt + BlockCipherDecrypt> BlockCipher for C {
    fn encrypt(&self, block: &mut [u8]) {
        if let Ok(block) = <&mut Array<u8, C::BlockSize>>::try_from(block) {
            self.encrypt_block(block);
        }
    }

    fn decrypt(&self, block: &mut [u8]) {
        if let Ok(block) = <&mut Array<u8, C::BlockSize>>::try_from(block) {
            self.decrypt_block(block);
        }
    }
}

/// A cipher with mode and padding: what a `SymmetricAlgorithm` object is set to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Symmetric {
    /// The cipher.
    pub algorithm: Algorithm,
    /// The mode.
    pub mode: CipherMode,
    /// The padding.
    pub padding: PaddingMode,
    /// Bytes that CFB feeds back at a time.
    pub feedback: usize,
}

/// What CFB feeds back.
#[derive(Clone, Copy)]
enum Feed {
    Input,
    Output,
}

fn partial_block() -> Exception {
    Exception::cryptographic("The input data is not a complete block.")
}

fn xor(block: &mut [u8], with: &[u8]) {
    block.iter_mut().zip(with).for_each(|(a, b)| *a ^= b);
}

impl Symmetric {
    /// CBC with PKCS7, as a new algorithm object has it.
    pub fn new(algorithm: Algorithm) -> Self {
        Self { algorithm, mode: CipherMode::Cbc, padding: PaddingMode::Pkcs7, feedback: 1 }
    }

    fn check_iv(self, iv: &[u8]) -> Result<()> {
        if self.mode != CipherMode::Ecb && iv.len() != self.algorithm.block_size() {
            return Err(Exception::cryptographic(
                "Specified initialization vector (IV) does not match the block size for this algorithm.",
            ));
        }
        Ok(())
    }

    /// The ciphertext of `data`.
    pub fn encrypt(self, data: &[u8], key: &[u8], iv: &[u8], random: &mut FillRandom<'_>) -> Result<Vec<u8>> {
        let cipher = self.algorithm.cipher(key)?;
        self.check_iv(iv)?;
        let mut out = self.pad(data, random)?;
        if self.mode == CipherMode::Cfb {
            self.feed_back(&*cipher, &mut out, iv, Feed::Output);
            return Ok(out);
        }
        let mut previous = iv.to_vec();
        for block in out.chunks_mut(self.algorithm.block_size()) {
            if self.mode == CipherMode::Cbc {
                xor(block, &previous);
            }
            cipher.encrypt(block);
            previous = block.to_vec();
        }
        Ok(out)
    }

    /// The text of `data`, without its padding.
    pub fn decrypt(self, data: &[u8], key: &[u8], iv: &[u8]) -> Result<Vec<u8>> {
        let cipher = self.algorithm.cipher(key)?;
        self.check_iv(iv)?;
        let size = self.unit();
        if !data.len().is_multiple_of(size) {
            return Err(partial_block());
        }
        let mut out = data.to_vec();
        if self.mode == CipherMode::Cfb {
            self.feed_back(&*cipher, &mut out, iv, Feed::Input);
            self.unpad(&mut out)?;
            return Ok(out);
        }
        for (index, block) in out.chunks_mut(size).enumerate() {
            cipher.decrypt(block);
            if self.mode == CipherMode::Cbc {
                xor(block, if index == 0 { iv } else { &data[(index - 1) * size..index * size] });
            }
        }
        self.unpad(&mut out)?;
        Ok(out)
    }

    /// Bytes that are worked on at a time, and that padding fills up.
    fn unit(self) -> usize {
        let block = self.algorithm.block_size();
        if self.mode == CipherMode::Cfb { self.feedback.clamp(1, block) } else { block }
    }

    /// CFB over `data` in place; `feed` says whether the text before or after is the ciphertext.
    fn feed_back(self, cipher: &dyn BlockCipher, data: &mut [u8], iv: &[u8], feed: Feed) {
        let mut register = iv.to_vec();
        for chunk in data.chunks_mut(self.unit()) {
            let mut stream = register.clone();
            cipher.encrypt(&mut stream);
            let before = chunk.to_vec();
            xor(chunk, &stream);
            register.extend_from_slice(match feed {
                Feed::Input => &before,
                Feed::Output => chunk,
            });
            register.drain(..before.len());
        }
    }

    fn pad(self, data: &[u8], random: &mut FillRandom<'_>) -> Result<Vec<u8>> {
        let size = self.unit();
        let missing = size - data.len() % size;
        let mut out = data.to_vec();
        match self.padding {
            PaddingMode::None if missing == size => {}
            PaddingMode::None => return Err(partial_block()),
            PaddingMode::Zeros => out.resize(data.len() + missing % size, 0),
            PaddingMode::Pkcs7 => out.resize(data.len() + missing, missing as u8),
            PaddingMode::AnsiX923 | PaddingMode::Iso10126 => {
                let mut padding = vec![0; missing];
                if self.padding == PaddingMode::Iso10126 {
                    random(&mut padding);
                }
                padding[missing - 1] = missing as u8;
                out.extend(padding);
            }
        }
        Ok(out)
    }

    fn unpad(self, data: &mut Vec<u8>) -> Result<()> {
        if matches!(self.padding, PaddingMode::None | PaddingMode::Zeros) || data.is_empty() {
            return Ok(());
        }
        let bad = || Exception::cryptographic("Padding is invalid and cannot be removed.");
        let count = usize::from(*data.last().ok_or_else(bad)?);
        if count == 0 || count > self.unit() {
            return Err(bad());
        }
        let filler = match self.padding {
            PaddingMode::Pkcs7 => Some(count as u8),
            PaddingMode::AnsiX923 => Some(0),
            _ => None,
        };
        let padding = &data[data.len() - count..data.len() - 1];
        if filler.is_some_and(|filler| padding.iter().any(|&byte| byte != filler)) {
            return Err(bad());
        }
        data.truncate(data.len() - count);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::super::base64::encode;
    use super::*;

    #[test]
    fn encrypts_as_dotnet_does() {
        let aes = Symmetric::new(Algorithm::Aes);
        let cipher = aes.encrypt(b"hello world", b"0123456789abcdef", &[0; 16], &mut |_| {});
        assert_eq!(cipher.map(|bytes| encode(&bytes)).as_deref(), Ok("gWm+1O9JqIdFWcWyANqt5w=="));
        let key = b"0123456789abcdef0123456789abcdef";
        let cipher = aes.encrypt(&[1, 2, 3], key, b"fedcba9876543210", &mut |_| {});
        assert_eq!(cipher.map(|bytes| encode(&bytes)).as_deref(), Ok("zDrTeFOBBGTnSo3ylOtuxw=="));
        assert!(aes.encrypt(b"", b"short", &[0; 16], &mut |_| {}).is_err());
        assert!(aes.decrypt(&[0; 15], key, &[0; 16]).is_err());
        assert!(aes.decrypt(&[0; 16], key, &[0; 16]).is_err());
    }

    proptest! {
        #[test]
        fn decrypts_what_it_encrypts(data in prop::collection::vec(any::<u8>(), 0..40)) {
            for algorithm in [Algorithm::Aes, Algorithm::Des, Algorithm::TripleDes, Algorithm::Rc2] {
                let key: Vec<u8> = (1..=algorithm.default_key_size() as u8).collect();
                let iv = vec![7; algorithm.block_size()];
                for (mode, feedback) in
                    [(CipherMode::Cbc, 1), (CipherMode::Ecb, 1), (CipherMode::Cfb, 1), (CipherMode::Cfb, 8)]
                {
                    for padding in [PaddingMode::Pkcs7, PaddingMode::AnsiX923, PaddingMode::Iso10126] {
                        let symmetric = Symmetric { algorithm, mode, padding, feedback };
                        let cipher = symmetric.encrypt(&data, &key, &iv, &mut |bytes| bytes.fill(3)).expect("a text");
                        prop_assert_eq!(symmetric.decrypt(&cipher, &key, &iv), Ok(data.clone()));
                    }
                    let _ = Symmetric { algorithm, mode, padding: PaddingMode::Pkcs7, feedback }.decrypt(&data, &key, &iv);
                }
            }
        }
    }
}
