using System.Buffers.Binary;
using System.Numerics;
using Bft.Crypto;

namespace Bft.Simulation;

/// <summary>
/// A hash function for simulations: 256 bits, some ten times cheaper than a real one for the short inputs that a chain hashes most. Nobody inside the simulated
/// world looks for collisions, and by chance there is none. Never for anything real; a world with real signatures has a real hash function, too.
/// </summary>
public sealed class SimulatedHash : HashFunction
{
    private SimulatedHash()
    {
    }

    /// <summary>The only one: it has no state.</summary>
    public static SimulatedHash Instance { get; } = new();

    /// <inheritdoc/>
    public override string Name => "simulated";

    /// <inheritdoc/>
    public override Digest Hash(ReadOnlySpan<byte> data) => Hash(data, []);

    /// <inheritdoc/>
    public override Digest Hash(ReadOnlySpan<byte> prefix, ReadOnlySpan<byte> data)
    {
        var mixing = new Mixing(0, 0, 0, 0);
        mixing.Absorb(prefix);
        mixing.Absorb(data);
        Span<byte> digest = stackalloc byte[Digest.Size];
        mixing.Finish(digest);
        return new Digest(digest);
    }

    /// <summary>
    /// Four lanes of 64 bits, each of which takes in every word by a multiplication to 128 bits whose halves are folded (as Wang Yi's wyhash does it, with
    /// other constants for each lane). With secret lanes to begin with it is a signature for simulations.
    /// </summary>
    internal struct Mixing(ulong first, ulong second, ulong third, ulong fourth)
    {
        private const ulong FirstFactor = 0xA0761D6478BD642F;
        private const ulong SecondFactor = 0xE7037ED1A0B428DB;
        private const ulong ThirdFactor = 0x8EBC6AF09C88C6E3;
        private const ulong FourthFactor = 0x589965CC75374CC3;

        private ulong _first = first + 0x9E3779B97F4A7C15;
        private ulong _second = second + 0xBF58476D1CE4E5B9;
        private ulong _third = third + 0x94D049BB133111EB;
        private ulong _fourth = fourth + 0xD1B54A32D192ED03;
        private ulong _pending;
        private int _pendingBytes;
        private long _length;

        public void Absorb(ReadOnlySpan<byte> data)
        {
            _length += data.Length;
            (ulong first, ulong second, ulong third, ulong fourth) = (_first, _second, _third, _fourth);
            ulong pending = _pending;
            int shift = 8 * _pendingBytes;
            while (data.Length >= 8)
            {
                ulong word = BinaryPrimitives.ReadUInt64LittleEndian(data);
                data = data[8..];
                ulong whole = word;
                if (shift > 0)
                {
                    // What was left of the last part comes first: the digest depends on the bytes, not on how they were handed in.
                    whole = pending | (word << shift);
                    pending = word >> (64 - shift);
                }

                first = Mixed(first, whole, FirstFactor, 29);
                second = Mixed(second, whole, SecondFactor, 31);
                third = Mixed(third, whole, ThirdFactor, 37);
                fourth = Mixed(fourth, whole, FourthFactor, 41);
            }

            (_first, _second, _third, _fourth) = (first, second, third, fourth);
            _pending = pending;
            foreach (byte value in data)
            {
                _pending |= (ulong)value << (8 * _pendingBytes);
                if (++_pendingBytes == 8)
                {
                    Mix(_pending);
                    (_pending, _pendingBytes) = (0, 0);
                }
            }
        }

        public void Finish(Span<byte> digest)
        {
            Mix(_pending);
            Mix((ulong)_length);
            // Each half of the digest must depend on all lanes, or four short hashes would stand beside each other.
            Mix(_first ^ BitOperations.RotateLeft(_third, 32));
            Mix(_second ^ BitOperations.RotateLeft(_fourth, 32));
            BinaryPrimitives.WriteUInt64LittleEndian(digest, _first);
            BinaryPrimitives.WriteUInt64LittleEndian(digest[8..], _second);
            BinaryPrimitives.WriteUInt64LittleEndian(digest[16..], _third);
            BinaryPrimitives.WriteUInt64LittleEndian(digest[24..], _fourth);
        }

        private void Mix(ulong word)
        {
            _first = Mixed(_first, word, FirstFactor, 29);
            _second = Mixed(_second, word, SecondFactor, 31);
            _third = Mixed(_third, word, ThirdFactor, 37);
            _fourth = Mixed(_fourth, word, FourthFactor, 41);
        }

        private static ulong Mixed(ulong lane, ulong word, ulong factor, int turn) => Fold(lane ^ word, factor) + BitOperations.RotateLeft(lane, turn);

        private static ulong Fold(ulong value, ulong factor)
        {
            ulong high = Math.BigMul(value, factor, out ulong low);
            return high ^ low;
        }
    }
}
