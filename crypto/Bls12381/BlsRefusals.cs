namespace Bft.Crypto.Bls12381;

/// <summary>Refusals in words.</summary>
public static class BlsRefusals
{
    /// <summary>The reason as the end of a sentence.</summary>
    public static string Describe(this BlsRefusal refusal) => refusal switch
    {
        BlsRefusal.None => "accepted",
        BlsRefusal.WrongLength => "wrong length",
        BlsRefusal.WrongFlags => "its flag bits do not fit its encoding",
        BlsRefusal.NotCanonical => "not canonical, a coordinate is not below the field's prime",
        BlsRefusal.NotOnCurve => "not on the curve",
        BlsRefusal.NotInSubgroup => "not in the subgroup of prime order",
        BlsRefusal.Identity => "the identity",
        BlsRefusal.SecretOutOfRange => "not a number from 1 below the group's order",
        BlsRefusal.NoSigners => "nobody signed",
        BlsRefusal.DuplicateSigner => "one key twice",
        BlsRefusal.CountsDiffer => "keys, messages and signatures are not as many",
        BlsRefusal.WrongSignature => "not signed by this key",
        BlsRefusal.WrongProofOfPossession => "the proof of possession is not one of this key",
        _ => throw new ArgumentOutOfRangeException(nameof(refusal), refusal, "There is no such refusal."),
    };
}
