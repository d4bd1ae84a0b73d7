using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Bft.Crypto.Bls12381.Native;

/// <summary>The functions of a loaded blst library, by their C names. All that are used are there, and the sizes of what they write are the expected ones.</summary>
/// <remarks>
/// The C interface is blst.h and blst_aux.h of blst 0.3. A library that is used is never unloaded: pointers into it live as long as the process.
/// Parameters: <c>void*</c> is a pointer, <c>nuint</c> a size_t; a truth value comes back in the lowest byte.
/// </remarks>
internal sealed unsafe class BlstLibrary
{
    /// <summary>More than any version's pairing context has.</summary>
    private const int MostPairingBytes = 1 << 16;

    private BlstLibrary(nint handle)
    {
        G1 = new GroupExports(handle, 1);
        G2 = new GroupExports(handle, 2);
        PairingInit = (delegate* unmanaged[Cdecl]<void*, int, void*, nuint, void>)Export(handle, "blst_pairing_init");
        PairingAggregate = (delegate* unmanaged[Cdecl]<void*, void*, void*, void>)Export(handle, "blst_pairing_raw_aggregate");
        PairingProduct = (delegate* unmanaged[Cdecl]<void*, void*>)Export(handle, "blst_pairing_as_fp12");
        FinalExponentiation = (delegate* unmanaged[Cdecl]<void*, void*, void>)Export(handle, "blst_final_exp");
        IsOne = (delegate* unmanaged[Cdecl]<void*, byte>)Export(handle, "blst_fp12_is_one");
        RequireSize(handle, "blst_fp12_sizeof", Fp12Bytes);
        nuint pairing = SizeOf(handle, "blst_pairing_sizeof");
        PairingBytes = pairing is > Fp12Bytes and <= MostPairingBytes
            ? (int)pairing
            : throw new EntryPointNotFoundException($"its pairing context has {pairing} bytes");
    }

    /// <summary>Bytes of an element of Fp12.</summary>
    public const int Fp12Bytes = 576;

    /// <summary>The functions of G1.</summary>
    public GroupExports G1 { get; }

    /// <summary>The functions of G2.</summary>
    public GroupExports G2 { get; }

    /// <summary>Bytes of a pairing context.</summary>
    public int PairingBytes { get; }

    /// <summary>blst_pairing_init(context, hash_or_encode, DST, DST_len).</summary>
    public delegate* unmanaged[Cdecl]<void*, int, void*, nuint, void> PairingInit { get; }

    /// <summary>blst_pairing_raw_aggregate(context, q, p): multiplies by e(p, q), both affine.</summary>
    public delegate* unmanaged[Cdecl]<void*, void*, void*, void> PairingAggregate { get; }

    /// <summary>blst_pairing_as_fp12(context): the product so far, before the final exponentiation, inside the context.</summary>
    public delegate* unmanaged[Cdecl]<void*, void*> PairingProduct { get; }

    /// <summary>blst_final_exp(result, value).</summary>
    public delegate* unmanaged[Cdecl]<void*, void*, void> FinalExponentiation { get; }

    /// <summary>blst_fp12_is_one(value).</summary>
    public delegate* unmanaged[Cdecl]<void*, byte> IsOne { get; }

    /// <summary>Loads a library and finds its functions.</summary>
    /// <param name="name">A path, or a name that the system's loader searches for.</param>
    /// <param name="library">The library; null when refused.</param>
    /// <returns>Why it cannot be used; null when it can.</returns>
    public static string? TryLoad(string name, out BlstLibrary? library)
    {
        library = null;
        if (!NativeLibrary.TryLoad(name, out nint handle))
        {
            return "it cannot be loaded: there is none, or it is for another system";
        }

        try
        {
            library = new BlstLibrary(handle);
            return null;
        }
        catch (EntryPointNotFoundException missing)
        {
            NativeLibrary.Free(handle);
            return missing.Message;
        }
    }

    private static nint Export(nint handle, string name) =>
        NativeLibrary.TryGetExport(handle, name, out nint address) ? address : throw new EntryPointNotFoundException($"it has no function {name}");

    private static nuint SizeOf(nint handle, string function) => ((delegate* unmanaged[Cdecl]<nuint>)Export(handle, function))();

    private static void RequireSize(nint handle, string function, int expected)
    {
        nuint size = SizeOf(handle, function);
        if (size != (nuint)expected)
        {
            throw new EntryPointNotFoundException($"{function} says {size} bytes instead of {expected}");
        }
    }

    /// <summary>The functions that both groups have, under names that differ by a digit.</summary>
    internal sealed class GroupExports
    {
        internal GroupExports(nint handle, int group)
        {
            int coordinate = group * Unsafe.SizeOf<BlstFp>();
            RequireSize(handle, $"blst_p{group}_sizeof", 3 * coordinate);
            RequireSize(handle, $"blst_p{group}_affine_sizeof", 2 * coordinate);
            Generator = (delegate* unmanaged[Cdecl]<void*>)Export(handle, $"blst_p{group}_affine_generator");
            ToAffine = (delegate* unmanaged[Cdecl]<void*, void*, void>)Export(handle, $"blst_p{group}_to_affine");
            Multiply = (delegate* unmanaged[Cdecl]<void*, void*, void*, nuint, void>)Export(handle, $"blst_p{group}_mult");
            Hash = (delegate* unmanaged[Cdecl]<void*, void*, nuint, void*, nuint, void*, nuint, void>)Export(handle, $"blst_hash_to_g{group}");
            Uncompress = (delegate* unmanaged[Cdecl]<void*, void*, int>)Export(handle, $"blst_p{group}_uncompress");
            IsInSubgroup = (delegate* unmanaged[Cdecl]<void*, byte>)Export(handle, $"blst_p{group}_affine_in_g{group}");
            MultiplySumScratch = (delegate* unmanaged[Cdecl]<nuint, nuint>)Export(handle, $"blst_p{group}s_mult_pippenger_scratch_sizeof");
            MultiplySum = (delegate* unmanaged[Cdecl]<void*, void**, nuint, void**, nuint, void*, void>)Export(handle, $"blst_p{group}s_mult_pippenger");
        }

        /// <summary>The generator, affine, in the library's memory.</summary>
        public delegate* unmanaged[Cdecl]<void*> Generator { get; }

        /// <summary>(affine result, Jacobian point).</summary>
        public delegate* unmanaged[Cdecl]<void*, void*, void> ToAffine { get; }

        /// <summary>(Jacobian result, Jacobian point, little-endian scalar, its bits), in constant time.</summary>
        public delegate* unmanaged[Cdecl]<void*, void*, void*, nuint, void> Multiply { get; }

        /// <summary>(Jacobian result, message and length, tag and length, augmentation and length).</summary>
        public delegate* unmanaged[Cdecl]<void*, void*, nuint, void*, nuint, void*, nuint, void> Hash { get; }

        /// <summary>(affine result, encoding): 0 when decoded, without a check of the subgroup.</summary>
        public delegate* unmanaged[Cdecl]<void*, void*, int> Uncompress { get; }

        /// <summary>(affine point).</summary>
        public delegate* unmanaged[Cdecl]<void*, byte> IsInSubgroup { get; }

        /// <summary>Bytes of scratch memory for so many points.</summary>
        public delegate* unmanaged[Cdecl]<nuint, nuint> MultiplySumScratch { get; }

        /// <summary>(Jacobian result, pointers to affine points, how many, pointers to little-endian scalars, their bits, scratch); after a null pointer points or scalars lie one behind the other.</summary>
        public delegate* unmanaged[Cdecl]<void*, void**, nuint, void**, nuint, void*, void> MultiplySum { get; }
    }
}
