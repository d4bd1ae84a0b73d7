namespace Bft.Crypto.Bls12381;

/// <summary>Why bytes, a key, a signature or a proof were refused.</summary>
public enum BlsRefusal
{
    /// <summary>Nothing was: accepted.</summary>
    None,

    /// <summary>The encoding has another length than this kind of encoding has.</summary>
    WrongLength,

    /// <summary>The three flag bits do not fit the encoding: compressed or not, infinity with something else than zeros, a sign where there is none.</summary>
    WrongFlags,

    /// <summary>A coordinate is not below p: the same point would have two encodings.</summary>
    NotCanonical,

    /// <summary>No point of the curve has these coordinates.</summary>
    NotOnCurve,

    /// <summary>The point is outside the subgroup of prime order.</summary>
    NotInSubgroup,

    /// <summary>The identity is neither a key nor a signature.</summary>
    Identity,

    /// <summary>A secret key is not in [1, r).</summary>
    SecretOutOfRange,

    /// <summary>Nobody signed: an empty aggregate proves nothing.</summary>
    NoSigners,

    /// <summary>The same key twice: one signer who is counted twice.</summary>
    DuplicateSigner,

    /// <summary>There are not as many messages or signatures as keys.</summary>
    CountsDiffer,

    /// <summary>The signature is not the one of these keys over these messages.</summary>
    WrongSignature,

    /// <summary>The proof of possession is not one of this key.</summary>
    WrongProofOfPossession,
}
