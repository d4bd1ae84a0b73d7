using System.Runtime.InteropServices;
using Bft.Crypto.Bls12381;
using Bft.Crypto.Bls12381.Native;

namespace Bft.Bench.Bls;

/// <summary>Functions of the native library that the engine does not use: they are measured by themselves. By the C interface of blst.h.</summary>
internal sealed unsafe class BlstExports : IDisposable
{
    /// <summary>Operands and results of any kind have room here.</summary>
    private const int Slot = 1024;

    private readonly nint _handle;
    private readonly byte* _memory;

    private BlstExports(nint handle)
    {
        _handle = handle;
        _memory = (byte*)NativeMemory.AlignedAlloc(4 * Slot, 64);
        // Field elements below p: the top byte of every 48 is zero.
        for (int i = 0; i < 4 * Slot; i++)
        {
            _memory[i] = i % Slot % 48 == 47 ? (byte)0 : (byte)((i * 167) + 13);
        }
    }

    /// <summary>The library that this process uses.</summary>
    public static BlstExports Load() => new(NativeLibrary.Load(Environment.GetEnvironmentVariable(BlsBackend.Variable) ?? throw new InvalidOperationException($"{BlsBackend.Variable} is not set.")));

    /// <summary>A function (result, operand) or (result, operand, operand) whose result is the next first operand.</summary>
    public Action<int> FieldOperation(string function, int operands)
    {
        nint address = NativeLibrary.GetExport(_handle, function);
        return n =>
        {
            for (int i = 0; i < n; i++)
            {
                if (operands == 1)
                {
                    ((delegate* unmanaged[Cdecl]<void*, void*, void>)address)(_memory, _memory);
                }
                else
                {
                    ((delegate* unmanaged[Cdecl]<void*, void*, void*, void>)address)(_memory, _memory, _memory + Slot);
                }
            }
        };
    }

    /// <summary>The same for points, from the generator of the group.</summary>
    public Action<int> PointOperation(string function, int group, int operands)
    {
        nint address = NativeLibrary.GetExport(_handle, function);
        void* generator = ((delegate* unmanaged[Cdecl]<void*>)NativeLibrary.GetExport(_handle, $"blst_p{group}_generator"))();
        return n =>
        {
            byte* point = stackalloc byte[288];
            Buffer.MemoryCopy(generator, point, 288, 144 * group);
            for (int i = 0; i < n; i++)
            {
                if (operands == 1)
                {
                    ((delegate* unmanaged[Cdecl]<void*, void*, void>)address)(point, point);
                }
                else
                {
                    ((delegate* unmanaged[Cdecl]<void*, void*, void*, void>)address)(point, point, generator);
                }
            }
        };
    }

    /// <summary>blst_miller_loop of one pair.</summary>
    public Action<int> MillerLoop(G1Point p, G2Point q)
    {
        nint address = NativeLibrary.GetExport(_handle, "blst_miller_loop");
        return n =>
        {
            BlstAffine<BlstFp> left = BlsBackend.Native!.G1.Affine(p.Coordinates);
            BlstAffine<BlstFp2> right = BlsBackend.Native!.G2.Affine(q.Coordinates);
            for (int i = 0; i < n; i++)
            {
                ((delegate* unmanaged[Cdecl]<void*, void*, void*, void>)address)(_memory + (2 * Slot), &right, &left);
            }
        };
    }

    /// <summary>blst_final_exp.</summary>
    public Action<int> FinalExponentiation()
    {
        nint address = NativeLibrary.GetExport(_handle, "blst_final_exp");
        return n => { for (int i = 0; i < n; i++) { ((delegate* unmanaged[Cdecl]<void*, void*, void>)address)(_memory + (3 * Slot), _memory + (2 * Slot)); } };
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        NativeMemory.AlignedFree(_memory);
        NativeLibrary.Free(_handle);
    }
}
