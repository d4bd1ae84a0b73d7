using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Bft.Crypto.Bls12381.Lanes;

namespace Bft.Crypto.Bls12381.Fields;

/// <summary>
/// An addition chain for a fixed public exponent: sliding windows of five bits (HAC 14.85), cut once when the chain is made. Raising runs the same steps for
/// every base.
/// </summary>
internal sealed class AdditionChain
{
    private const int WindowBits = 5;
    private const int OddPowers = 1 << (WindowBits - 1);

    /// <summary>Pairs: how many squarings, then which odd power to multiply by (index i stands for 2i+1, <see cref="OddPowers"/> for none).</summary>
    private readonly byte[] _steps;

    /// <summary>Cuts the exponent into windows.</summary>
    /// <param name="exponent">Hexadecimal digits of a positive number.</param>
    public AdditionChain(string exponent)
    {
        byte[] bytes = Convert.FromHexString(exponent.PadLeft((exponent.Length + 1) / 2 * 2, '0'));
        int bits = bytes.Length * 8;
        int Bit(int index) => (bytes[bytes.Length - 1 - (index / 8)] >> (index % 8)) & 1;

        var steps = new List<byte>();
        int squarings = 0;
        for (int top = bits - 1; top >= 0;)
        {
            if (Bit(top) == 0)
            {
                squarings++;
                top--;
                continue;
            }

            int bottom = Math.Max(0, top - WindowBits + 1);
            while (Bit(bottom) == 0)
            {
                bottom++;
            }

            int window = 0;
            for (int i = top; i >= bottom; i--)
            {
                window = (window << 1) | Bit(i);
            }

            // Leading zeros cost nothing: the first window starts the chain.
            steps.Add(steps.Count == 0 ? (byte)0 : (byte)(squarings + top - bottom + 1));
            steps.Add((byte)(window >> 1));
            squarings = 0;
            top = bottom - 1;
        }

        steps.Add((byte)squarings);
        steps.Add(OddPowers);
        _steps = [.. steps];
    }

    /// <summary>base^exponent; 0 for base 0.</summary>
    [SkipLocalsInit]
    public void Raise(in Fp @base, out Fp power)
    {
        OddPowerTable table = default;
        Span<Fp> odd = table;
        Fp.Reduce(@base, out odd[0]);
        Fp.Square(odd[0], out Fp square);
        for (int i = 1; i < OddPowers; i++)
        {
            Fp.Multiply(odd[i - 1], square, out odd[i]);
        }

        Fp result = odd[_steps[1]];
        for (int step = 2; step < _steps.Length; step += 2)
        {
            for (int i = 0; i < _steps[step]; i++)
            {
                Fp.Square(result, out result);
            }

            if (_steps[step + 1] < OddPowers)
            {
                Fp.Multiply(result, odd[_steps[step + 1]], out result);
            }
        }

        power = result;
        MemoryMarshal.AsBytes(odd).Clear();
    }

    /// <summary>The same in each lane. For public bases: its table is not erased.</summary>
    [SkipLocalsInit]
    public void Raise(in FpLanes @base, out FpLanes power)
    {
        Span<FpLanes> odd = stackalloc FpLanes[OddPowers];
        FpLanes.Reduce(@base, out odd[0]);
        FpLanes.Multiply(odd[0], odd[0], out FpLanes square);
        for (int i = 1; i < OddPowers; i++)
        {
            FpLanes.Multiply(odd[i - 1], square, out odd[i]);
        }

        FpLanes result = odd[_steps[1]];
        for (int step = 2; step < _steps.Length; step += 2)
        {
            for (int i = 0; i < _steps[step]; i++)
            {
                FpLanes.Multiply(result, result, out result);
            }

            if (_steps[step + 1] < OddPowers)
            {
                FpLanes.Multiply(result, odd[_steps[step + 1]], out result);
            }
        }

        power = result;
    }

    [InlineArray(OddPowers)]
    private struct OddPowerTable
    {
        private Fp _first;
    }
}
