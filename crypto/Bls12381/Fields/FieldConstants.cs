namespace Bft.Crypto.Bls12381.Fields;

/// <summary>Constants of the fields, in the digits the standards print. The tests derive each of them from p and ξ = 1 + u.</summary>
internal static class FieldConstants
{
    /// <summary>The exponent of square roots: (p - 3)/4.</summary>
    public static readonly AdditionChain PMinusThreeOverFour =
        new("680447a8e5ff9a692c6e9ed90d2eb35d91dd2e13ce144afd9cc34a83dac3d8907aaffffac54ffffee7fbfffffffeaaa");

    /// <summary>2^256: joins the halves of a 64-byte number.</summary>
    public static readonly Fp TwoTo256 = Fp.FromHex("10000000000000000000000000000000000000000000000000000000000000000");

    /// <summary>ξ^((p-1)k/6) for k = 1…5: what the p-th power puts before w^k.</summary>
    public static readonly Fp2[] FrobeniusOfW =
    [
        Fp2.FromHex(
            "1904d3bf02bb0667c231beb4202c0d1f0fd603fd3cbd5f4f7b2443d784bab9c4f67ea53d63e7813d8d0775ed92235fb8",
            "fc3e2b36c4e03288e9e902231f9fb854a14787b6c7b36fec0c8ec971f63c5f282d5ac14d6c7ec22cf78a126ddc4af3"),
        Fp2.FromHex("0", "1a0111ea397fe699ec02408663d4de85aa0d857d89759ad4897d29650fb85f9b409427eb4f49fffd8bfd00000000aaac"),
        Fp2.FromHex(
            "6af0e0437ff400b6831e36d6bd17ffe48395dabc2d3435e77f76e17009241c5ee67992f72ec05f4c81084fbede3cc09",
            "6af0e0437ff400b6831e36d6bd17ffe48395dabc2d3435e77f76e17009241c5ee67992f72ec05f4c81084fbede3cc09"),
        Fp2.FromHex("1a0111ea397fe699ec02408663d4de85aa0d857d89759ad4897d29650fb85f9b409427eb4f49fffd8bfd00000000aaad", "0"),
        Fp2.FromHex(
            "5b2cfd9013a5fd8df47fa6b48b1e045f39816240c0b8fee8beadf4d8e9c0566c63a3e6e257f87329b18fae980078116",
            "144e4211384586c16bd3ad4afa99cc9170df3560e77982d0db45f3536814f0bd5871c1908bd478cd1ee605167ff82995"),
    ];

    /// <summary>ξ^((p²-1)k/6) for k = 1…5, all in Fp: the same for the p²-th power.</summary>
    public static readonly Fp[] FrobeniusSquaredOfW =
    [
        Fp.FromHex("5f19672fdf76ce51ba69c6076a0f77eaddb3a93be6f89688de17d813620a00022e01fffffffeffff"),
        Fp.FromHex("5f19672fdf76ce51ba69c6076a0f77eaddb3a93be6f89688de17d813620a00022e01fffffffefffe"),
        Fp.FromHex("1a0111ea397fe69a4b1ba7b6434bacd764774b84f38512bf6730d2a0f6b0f6241eabfffeb153ffffb9feffffffffaaaa"),
        Fp.FromHex("1a0111ea397fe699ec02408663d4de85aa0d857d89759ad4897d29650fb85f9b409427eb4f49fffd8bfd00000000aaac"),
        Fp.FromHex("1a0111ea397fe699ec02408663d4de85aa0d857d89759ad4897d29650fb85f9b409427eb4f49fffd8bfd00000000aaad"),
    ];
}
