using System.Diagnostics;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Bft.Crypto.Bls12381;
using Bft.Crypto.Bls12381.Curves;
using Bft.Crypto.Bls12381.Fields;

namespace Bft.Crypto.Tests.Bls12381.Native;

/// <summary>The calls that the stand-in in <c>native/blst_stub.c</c> passes on, in its order.</summary>
public enum StubCall
{
    Generator,
    ToAffine,
    Multiply,
    Hash,
    Uncompress,
    InSubgroup,
    Sum,
    IsOne,
}

/// <summary>
/// Compiles the stand-in and answers its calls with the managed code. Points are taken apart and put together here with integers of arbitrary size, not with the code under test; Jacobian results
/// have a Z that is not 1.
/// </summary>
internal static unsafe class BlstStub
{
    private static readonly BigInteger P = BigInteger.Parse(
        "01a0111ea397fe69a4b1ba7b6434bacd764774b84f38512bf6730d2a0f6b0f6241eabfffeb153ffffb9feffffffffaaab", System.Globalization.NumberStyles.HexNumber, null);

    private static readonly BigInteger R = BigInteger.One << 384;
    private static readonly BigInteger InverseOfR = BigInteger.ModPow(R, P - 2, P);

    /// <summary>How often each call came.</summary>
    public static int[] Calls { get; } = new int[8];

    /// <summary>The call that is answered wrongly; null for none.</summary>
    public static StubCall? Lie { get; set; }

    /// <summary>What <see cref="StubCall.IsOne"/> answers when it lies.</summary>
    public static bool LieAboutOne { get; set; }

    /// <summary>What was seen that blst would not have understood.</summary>
    public static List<string> Complaints { get; } = [];

    /// <summary>Where the last secret scalar lay, and what it was.</summary>
    public static (nint Address, byte[] Scalar) LastScalar { get; private set; }

    /// <summary>Whether the last scalar was still there when the next call came.</summary>
    public static bool ScalarSurvived { get; private set; }

    /// <summary>The C compiler's path; null when there is none.</summary>
    public static string? Compiler { get; } = OperatingSystem.IsWindows() ? null : (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':')
        .Select(folder => Path.Combine(folder, "cc")).FirstOrDefault(File.Exists);

    /// <summary>Compiles a variant.</summary>
    /// <param name="target">The library's path.</param>
    /// <param name="defines">What the compiler is told.</param>
    public static string Compile(string target, params string[] defines)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(target)!);
        string source = Path.Combine(AppContext.BaseDirectory, "native", "blst_stub.c");
        using var process = Process.Start(new ProcessStartInfo(Compiler!, [.. defines.Select(one => "-D" + one), "-std=c11", "-Wall", "-Werror", "-O1", "-fPIC", "-shared", "-o", target, source])
        {
            RedirectStandardError = true,
        })!;
        string errors = process.StandardError.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, errors);
        nint handle = NativeLibrary.Load(target);
        ((delegate* unmanaged[Cdecl]<delegate* unmanaged[Cdecl]<int, int, void**, nuint*, int>, void>)NativeLibrary.GetExport(handle, "stub_answer_with"))(&Answer);
        Reset();
        return target;
    }

    /// <summary>Forgets what was seen and tells the truth again.</summary>
    public static void Reset()
    {
        Array.Clear(Calls);
        Complaints.Clear();
        Lie = null;
        ScalarSurvived = false;
        LastScalar = default;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Answer(int call, int group, void** pointers, nuint* numbers)
    {
        try
        {
            Calls[call]++;
            var asked = (StubCall)call;
            if (LastScalar.Scalar is { } secret)
            {
                ScalarSurvived |= new ReadOnlySpan<byte>((void*)LastScalar.Address, secret.Length).SequenceEqual(secret);
                LastScalar = default;
            }

            return asked == StubCall.IsOne
                ? IsOne(pointers, numbers) ? 1 : 0
                : group == 1
                    ? Answer<Fp, G1Curve, FpCodec, InG1>(asked, pointers, numbers)
                    : Answer<Fp2, G2Curve, Fp2Codec, InG2>(asked, pointers, numbers);
        }
        catch (Exception fault)
        {
            // Nothing may pass through the native frames; the test reads it.
            Complaints.Add(fault.ToString());
            return 0;
        }
    }

    private static int Answer<TField, TCurve, TCodec, TGroup>(StubCall call, void** pointers, nuint* numbers)
        where TField : unmanaged, IField<TField>
        where TCurve : ICurve<TField, TCurve>
        where TCodec : IFieldCodec<TField>
        where TGroup : IGroup<TField, TCurve>
    {
        bool lies = Lie == call;
        switch (call)
        {
            case StubCall.Generator:
                WriteAffine<TField, TCurve, TCodec>(lies ? TGroup.Multiply(TGroup.Generator, Scalar.FromInteger(2)) : TGroup.Generator, pointers[0]);
                return 0;
            case StubCall.ToAffine:
                Projective<TField, TCurve> given = ReadJacobian<TField, TCurve, TCodec>(pointers[1]);
                WriteAffine<TField, TCurve, TCodec>(lies ? Negative(given) : given, pointers[0]);
                return 0;
            case StubCall.Multiply:
                Require(numbers[0] == 256, "bits of a scalar");
                byte[] scalar = new ReadOnlySpan<byte>(pointers[2], 32).ToArray();
                LastScalar = ((nint)pointers[2], [.. scalar]);
                Array.Reverse(scalar);
                Require(Scalar.TryRead(scalar, out Scalar number), "a scalar below r");
                WriteJacobian<TField, TCurve, TCodec>(TGroup.Multiply(ReadJacobian<TField, TCurve, TCodec>(pointers[1]), lies ? number + Scalar.One : number), pointers[0]);
                return 0;
            case StubCall.Hash:
                Require(pointers[3] == null && numbers[2] == 0, "no augmentation");
                var message = new ReadOnlySpan<byte>(pointers[1], (int)numbers[0]);
                WriteJacobian<TField, TCurve, TCodec>(TGroup.Hash(lies ? [.. message, 0] : message, new ReadOnlySpan<byte>(pointers[2], (int)numbers[1])), pointers[0]);
                return 0;
            case StubCall.Uncompress:
                BlsRefusal refusal = PointEncoding.ReadCompressed<TField, TCurve, TCodec>(new ReadOnlySpan<byte>(pointers[1], TCodec.Bytes), out Projective<TField, TCurve> read);
                if (refusal == BlsRefusal.None)
                {
                    WriteAffine<TField, TCurve, TCodec>(lies ? Negative(read) : read, pointers[0]);
                }

                return (int)refusal;
            case StubCall.InSubgroup:
                return TGroup.Has(ReadAffine<TField, TCurve, TCodec>(pointers[0])) ^ lies ? 1 : 0;
            case StubCall.Sum:
                WriteJacobian<TField, TCurve, TCodec>(Sum<TField, TCurve, TCodec, TGroup>((byte**)pointers[1], (byte**)pointers[2], (int)numbers[0], (int)numbers[1], lies), pointers[0]);
                return 0;
            default:
                throw new UnreachableException();
        }
    }

    private static Projective<TField, TCurve> Sum<TField, TCurve, TCodec, TGroup>(byte** points, byte** scalars, int count, int bits, bool lies)
        where TField : unmanaged, IField<TField>
        where TCurve : ICurve<TField, TCurve>
        where TCodec : IFieldCodec<TField>
        where TGroup : IGroup<TField, TCurve>
    {
        Require(points[0] != null && points[1] == null && scalars[0] != null && scalars[1] == null, "points and scalars one behind the other");
        Require(count >= 2, "two points: of one blst reads past the end");
        Projective<TField, TCurve> sum = Projective<TField, TCurve>.Identity;
        for (int i = lies ? 1 : 0; i < count; i++)
        {
            var number = new byte[32];
            new ReadOnlySpan<byte>(scalars[0] + (i * ((bits + 7) / 8)), (bits + 7) / 8).CopyTo(number);
            Array.Reverse(number);
            Projective<TField, TCurve> point = ReadAffine<TField, TCurve, TCodec>(points[0] + (i * 2 * TCodec.Bytes));
            Require(Projective<TField, TCurve>.IdentityMask(point) == 0, "no identity in a sum");
            Projective<TField, TCurve>.Add(sum, TGroup.Multiply(point, Scalar.FromBytesReduced(number)), out sum);
        }

        return sum;
    }

    private static bool IsOne(void** pointers, nuint* numbers)
    {
        if (Lie == StubCall.IsOne)
        {
            return LieAboutOne;
        }

        var p = new G1Point[(int)numbers[0]];
        var q = new G2Point[p.Length];
        for (int i = 0; i < p.Length; i++)
        {
            p[i] = new G1Point(ReadAffine<Fp, G1Curve, FpCodec>((byte*)pointers[0] + (i * 96)));
            q[i] = new G2Point(ReadAffine<Fp2, G2Curve, Fp2Codec>((byte*)pointers[1] + (i * 192)));
        }

        return Pairing.ProductIsOneManaged(p, q);
    }

    private static void Require(bool condition, string what)
    {
        if (!condition)
        {
            throw new InvalidOperationException($"The binding was to give: {what}.");
        }
    }

    private static Projective<TField, TCurve> Negative<TField, TCurve>(Projective<TField, TCurve> point)
        where TField : unmanaged, IField<TField>
        where TCurve : ICurve<TField, TCurve>
    {
        Projective<TField, TCurve>.Negate(point, out Projective<TField, TCurve> negative);
        return negative;
    }

    private static Projective<TField, TCurve> ReadAffine<TField, TCurve, TCodec>(void* at)
        where TField : unmanaged, IField<TField>
        where TCurve : ICurve<TField, TCurve>
        where TCodec : IFieldCodec<TField>
    {
        TField x = Read<TField, TCodec>((byte*)at), y = Read<TField, TCodec>((byte*)at + TCodec.Bytes);
        return (TField.ZeroMask(x) & TField.ZeroMask(y)) != 0 ? Projective<TField, TCurve>.Identity : new() { X = x, Y = y, Z = TField.One };
    }

    // x = X/Z², y = Y/Z³.
    private static Projective<TField, TCurve> ReadJacobian<TField, TCurve, TCodec>(void* at)
        where TField : unmanaged, IField<TField>
        where TCurve : ICurve<TField, TCurve>
        where TCodec : IFieldCodec<TField>
    {
        TField z = Read<TField, TCodec>((byte*)at + (2 * TCodec.Bytes));
        if (TField.ZeroMask(z) != 0)
        {
            return Projective<TField, TCurve>.Identity;
        }

        TField.Invert(z, out TField inverse);
        TField.Square(inverse, out TField square);
        TField.Multiply(square, inverse, out TField cube);
        TField.Multiply(Read<TField, TCodec>((byte*)at), square, out TField x);
        TField.Multiply(Read<TField, TCodec>((byte*)at + TCodec.Bytes), cube, out TField y);
        return new() { X = x, Y = y, Z = TField.One };
    }

    private static void WriteAffine<TField, TCurve, TCodec>(in Projective<TField, TCurve> point, void* at)
        where TField : unmanaged, IField<TField>
        where TCurve : ICurve<TField, TCurve>
        where TCodec : IFieldCodec<TField>
    {
        Projective<TField, TCurve>.ToAffine(point, out TField x, out TField y);
        bool identity = Projective<TField, TCurve>.IdentityMask(point) != 0;
        Write<TField, TCodec>(identity ? default : x, (byte*)at);
        Write<TField, TCodec>(identity ? default : y, (byte*)at + TCodec.Bytes);
    }

    private static void WriteJacobian<TField, TCurve, TCodec>(in Projective<TField, TCurve> point, void* at)
        where TField : unmanaged, IField<TField>
        where TCurve : ICurve<TField, TCurve>
        where TCodec : IFieldCodec<TField>
    {
        Projective<TField, TCurve>.ToAffine(point, out TField x, out TField y);
        TField.Add(TField.One, TField.One, out TField z);
        TField.Square(z, out TField square);
        TField.Multiply(square, z, out TField cube);
        TField.Multiply(x, square, out x);
        TField.Multiply(y, cube, out y);
        bool identity = Projective<TField, TCurve>.IdentityMask(point) != 0;
        Write<TField, TCodec>(x, (byte*)at);
        Write<TField, TCodec>(y, (byte*)at + TCodec.Bytes);
        Write<TField, TCodec>(identity ? default : z, (byte*)at + (2 * TCodec.Bytes));
    }

    // The standard encoding has the factor of u first, blst's memory the part without it.
    private static TField Read<TField, TCodec>(byte* at)
        where TField : unmanaged
        where TCodec : IFieldCodec<TField>
    {
        var encoded = new byte[TCodec.Bytes];
        for (int part = 0; part < TCodec.Bytes / 48; part++)
        {
            var stored = new BigInteger(new ReadOnlySpan<byte>(at + (part * 48), 48), isUnsigned: true);
            Require(stored < P, "coordinates below p");
            byte[] digits = (stored * InverseOfR % P).ToByteArray(isUnsigned: true, isBigEndian: true);
            digits.CopyTo(encoded.AsSpan(TCodec.Bytes - (48 * part) - digits.Length));
        }

        Require(TCodec.TryRead(encoded, 0, out TField value), "an element of the field");
        return value;
    }

    private static void Write<TField, TCodec>(in TField value, byte* at)
        where TField : unmanaged
        where TCodec : IFieldCodec<TField>
    {
        var encoded = new byte[TCodec.Bytes];
        TCodec.Write(value, encoded);
        var memory = new Span<byte>(at, TCodec.Bytes);
        memory.Clear();
        for (int part = 0; part < TCodec.Bytes / 48; part++)
        {
            var number = new BigInteger(encoded.AsSpan(TCodec.Bytes - (48 * (part + 1)), 48), isUnsigned: true, isBigEndian: true);
            (number * R % P).ToByteArray(isUnsigned: true).CopyTo(memory[(part * 48)..]);
        }
    }

    private interface IGroup<TField, TCurve>
        where TField : unmanaged, IField<TField>
        where TCurve : ICurve<TField, TCurve>
    {
        static abstract Projective<TField, TCurve> Generator { get; }

        static abstract bool Has(in Projective<TField, TCurve> point);

        static abstract Projective<TField, TCurve> Multiply(in Projective<TField, TCurve> point, Scalar scalar);

        static abstract Projective<TField, TCurve> Hash(ReadOnlySpan<byte> message, ReadOnlySpan<byte> domain);
    }

    private sealed class InG1 : IGroup<Fp, G1Curve>
    {
        public static Projective<Fp, G1Curve> Generator => G1Point.Generator.Coordinates;

        public static bool Has(in Projective<Fp, G1Curve> point) => G1Curve.SubgroupMask(point) != 0;

        public static Projective<Fp, G1Curve> Multiply(in Projective<Fp, G1Curve> point, Scalar scalar) => G1Point.MultiplyManaged(new G1Point(point), scalar).Coordinates;

        public static Projective<Fp, G1Curve> Hash(ReadOnlySpan<byte> message, ReadOnlySpan<byte> domain) => HashToCurve.ToG1Managed(message, domain).Coordinates;
    }

    private sealed class InG2 : IGroup<Fp2, G2Curve>
    {
        public static Projective<Fp2, G2Curve> Generator => G2Point.Generator.Coordinates;

        public static bool Has(in Projective<Fp2, G2Curve> point) => G2Curve.SubgroupMask(point) != 0;

        public static Projective<Fp2, G2Curve> Multiply(in Projective<Fp2, G2Curve> point, Scalar scalar) => G2Point.MultiplyManaged(new G2Point(point), scalar).Coordinates;

        public static Projective<Fp2, G2Curve> Hash(ReadOnlySpan<byte> message, ReadOnlySpan<byte> domain) => HashToCurve.ToG2Managed(message, domain).Coordinates;
    }
}
