//! OAEP and PSS (RFC 8017), over the hashes that the rest of the crate uses.

use super::HashAlgorithm;

/// MGF1 of `seed`, applied to `data`.
fn mask(data: &mut [u8], seed: &[u8], algorithm: HashAlgorithm) {
    for (counter, chunk) in data.chunks_mut(algorithm.size()).enumerate() {
        let block = algorithm.hash(&[seed, &(counter as u32).to_be_bytes()].concat());
        chunk.iter_mut().zip(block).for_each(|(a, b)| *a ^= b);
    }
}

/// The OAEP encoding of `data` in `size` bytes, without label.
pub(super) fn oaep_pad(data: &[u8], seed: &[u8], algorithm: HashAlgorithm, size: usize) -> Option<Vec<u8>> {
    let zeros = size.checked_sub(data.len() + 2 * algorithm.size() + 2)?;
    let mut block = algorithm.hash(&[]);
    block.resize(block.len() + zeros, 0);
    block.push(1);
    block.extend_from_slice(data);
    mask(&mut block, seed, algorithm);
    let mut seed = seed.to_vec();
    mask(&mut seed, &block, algorithm);
    Some([vec![0], seed, block].concat())
}

/// The data in an OAEP encoding without label.
pub(super) fn oaep_unpad(message: &[u8], algorithm: HashAlgorithm) -> Option<Vec<u8>> {
    let size = algorithm.size();
    let (first, rest) = message.split_first()?;
    if rest.len() < 2 * size + 1 {
        return None;
    }
    let (seed, block) = rest.split_at(size);
    let (mut seed, mut block) = (seed.to_vec(), block.to_vec());
    mask(&mut seed, &block, algorithm);
    mask(&mut block, &seed, algorithm);
    let (label, rest) = block.split_at(size);
    let one = rest.iter().position(|&byte| byte != 0)?;
    let is_right = *first == 0 && label == algorithm.hash(&[]) && rest[one] == 1;
    is_right.then(|| rest[one + 1..].to_vec())
}

/// The PSS encoding of a hash in `bits` bits.
pub(super) fn pss_pad(hash: &[u8], salt: &[u8], algorithm: HashAlgorithm, bits: usize) -> Option<Vec<u8>> {
    let size = bits.div_ceil(8);
    let digest = algorithm.hash(&[&[0; 8], hash, salt].concat());
    let zeros = size.checked_sub(algorithm.size() + salt.len() + 2)?;
    let mut block = vec![0; zeros];
    block.push(1);
    block.extend_from_slice(salt);
    mask(&mut block, &digest, algorithm);
    block[0] &= 0xFF >> (8 * size - bits);
    Some([block, digest, vec![0xBC]].concat())
}

/// Whether `message`, as wide as the modulus, is the PSS encoding of a hash with a salt as long as it.
pub(super) fn pss_verify(message: &[u8], hash: &[u8], algorithm: HashAlgorithm, bits: usize) -> bool {
    let size = bits.div_ceil(8);
    let length = algorithm.size();
    let Some(spare) = message.len().checked_sub(size) else { return false };
    let (front, message) = message.split_at(spare);
    if front.iter().any(|&byte| byte != 0) || size < 2 * length + 2 || message[size - 1] != 0xBC {
        return false;
    }
    let (block, digest) = message[..size - 1].split_at(size - length - 1);
    let mut block = block.to_vec();
    let unused = 8 * size - bits;
    if block[0] & !(0xFF >> unused) != 0 {
        return false;
    }
    mask(&mut block, digest, algorithm);
    block[0] &= 0xFF >> unused;
    let (padding, salt) = block.split_at(block.len() - length);
    let (zeros, one) = padding.split_at(padding.len() - 1);
    zeros.iter().all(|&byte| byte == 0) && one == [1] && algorithm.hash(&[&[0; 8], hash, salt].concat()) == digest
}
