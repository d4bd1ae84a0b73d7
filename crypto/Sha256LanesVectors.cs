using System.Diagnostics.CodeAnalysis;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Bft.Crypto;

/// <summary>One 32-bit word of several SHA-256 computations side by side: the few operations FIPS 180-4 §4.1.2 and §6.2 need.</summary>
internal interface ILaneVector<TSelf>
    where TSelf : unmanaged, ILaneVector<TSelf>
{
    /// <summary>How many computations stand side by side.</summary>
    static abstract int Lanes { get; }

    /// <summary>The same word in every lane.</summary>
    static abstract TSelf Broadcast(uint word);

    /// <summary>Addition modulo 2^32.</summary>
    static abstract TSelf operator +(TSelf left, TSelf right);

    /// <summary>ROTR^bits.</summary>
    static abstract TSelf RotateRight(TSelf value, [ConstantExpected] byte bits);

    /// <summary>SHR^bits.</summary>
    static abstract TSelf ShiftRight(TSelf value, [ConstantExpected] byte bits);

    /// <summary>a ⊕ b ⊕ c.</summary>
    static abstract TSelf Xor(TSelf a, TSelf b, TSelf c);

    /// <summary>Ch(selector, whenSet, whenClear).</summary>
    static abstract TSelf Choose(TSelf selector, TSelf whenSet, TSelf whenClear);

    /// <summary>Maj(a, b, c).</summary>
    static abstract TSelf Majority(TSelf a, TSelf b, TSelf c);
}

/// <summary>One lane: an ordinary register, for the few messages that fill no vector.</summary>
internal readonly struct OneLane : ILaneVector<OneLane>
{
    private readonly uint _word;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private OneLane(uint word) => _word = word;

    public static int Lanes => 1;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static OneLane Broadcast(uint word) => new(word);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static OneLane operator +(OneLane left, OneLane right) => new(left._word + right._word);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static OneLane RotateRight(OneLane value, [ConstantExpected] byte bits) => new(BitOperations.RotateRight(value._word, bits));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static OneLane ShiftRight(OneLane value, [ConstantExpected] byte bits) => new(value._word >> bits);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static OneLane Xor(OneLane a, OneLane b, OneLane c) => new(a._word ^ b._word ^ c._word);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static OneLane Choose(OneLane selector, OneLane whenSet, OneLane whenClear) =>
        new(whenClear._word ^ (selector._word & (whenSet._word ^ whenClear._word)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static OneLane Majority(OneLane a, OneLane b, OneLane c) => new((a._word & b._word) | (c._word & (a._word | b._word)));
}

/// <summary>Eight lanes: one AVX2 register. Without AVX2 the runtime emulates it, slowly but bit for bit the same.</summary>
internal readonly struct EightLanes : ILaneVector<EightLanes>
{
    private readonly Vector256<uint> _words;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private EightLanes(Vector256<uint> words) => _words = words;

    public static int Lanes => 8;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static EightLanes Broadcast(uint word) => new(Vector256.Create(word));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static EightLanes operator +(EightLanes left, EightLanes right) => new(left._words + right._words);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static EightLanes RotateRight(EightLanes value, [ConstantExpected] byte bits) =>
        new((value._words >>> bits) | (value._words << (32 - bits)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static EightLanes ShiftRight(EightLanes value, [ConstantExpected] byte bits) => new(value._words >>> bits);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static EightLanes Xor(EightLanes a, EightLanes b, EightLanes c) => new(a._words ^ b._words ^ c._words);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static EightLanes Choose(EightLanes selector, EightLanes whenSet, EightLanes whenClear) =>
        new(whenClear._words ^ (selector._words & (whenSet._words ^ whenClear._words)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static EightLanes Majority(EightLanes a, EightLanes b, EightLanes c) =>
        new((a._words & b._words) | (c._words & (a._words | b._words)));
}

/// <summary>
/// Sixteen lanes: one AVX-512 register, with its rotate and three-operand logic instructions where the processor has them.
/// Elsewhere the runtime emulates it by two halves, bit for bit the same.
/// </summary>
internal readonly struct SixteenLanes : ILaneVector<SixteenLanes>
{
    // Truth tables of vpternlogd: bit (a·4 + b·2 + c) is the result for that combination of input bits.
    private const byte XorTable = 0b1001_0110;
    private const byte ChooseTable = 0b1100_1010;
    private const byte MajorityTable = 0b1110_1000;

    private readonly Vector512<uint> _words;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private SixteenLanes(Vector512<uint> words) => _words = words;

    public static int Lanes => 16;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static SixteenLanes Broadcast(uint word) => new(Vector512.Create(word));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static SixteenLanes operator +(SixteenLanes left, SixteenLanes right) => new(left._words + right._words);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static SixteenLanes RotateRight(SixteenLanes value, [ConstantExpected] byte bits) => Avx512F.IsSupported
        ? new(Avx512F.RotateRight(value._words, bits))
        : new((value._words >>> bits) | (value._words << (32 - bits)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static SixteenLanes ShiftRight(SixteenLanes value, [ConstantExpected] byte bits) => new(value._words >>> bits);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static SixteenLanes Xor(SixteenLanes a, SixteenLanes b, SixteenLanes c) => Avx512F.IsSupported
        ? new(Avx512F.TernaryLogic(a._words, b._words, c._words, XorTable))
        : new(a._words ^ b._words ^ c._words);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static SixteenLanes Choose(SixteenLanes selector, SixteenLanes whenSet, SixteenLanes whenClear) => Avx512F.IsSupported
        ? new(Avx512F.TernaryLogic(selector._words, whenSet._words, whenClear._words, ChooseTable))
        : new(whenClear._words ^ (selector._words & (whenSet._words ^ whenClear._words)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static SixteenLanes Majority(SixteenLanes a, SixteenLanes b, SixteenLanes c) => Avx512F.IsSupported
        ? new(Avx512F.TernaryLogic(a._words, b._words, c._words, MajorityTable))
        : new((a._words & b._words) | (c._words & (a._words | b._words)));
}
