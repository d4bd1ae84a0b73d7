using Bft.Ledger.Disks;
using CsCheck;

namespace Bft.Ledger.Tests;

/// <summary>A file in pages against one plain array.</summary>
public sealed class SparseBytesTests
{
    private const int Bytes = 20_000;

    [Fact]
    public void Any_writes_clears_and_copies_read_back_as_from_one_array()
    {
        Gen<(int Operation, int Offset, int Length, byte Fill)> operation = Gen.Select(Gen.Int[0, 3], Gen.Int[0, Bytes - 1], Gen.Int[0, 9000], Gen.Byte[0, 2]);
        Gen.Select(operation.Array[1, 30], operation.Array[0, 10]).Sample((operations, others) =>
        {
            (SparseBytes sparse, byte[] plain) = (new SparseBytes(), new byte[Bytes]);
            (SparseBytes otherSparse, byte[] otherPlain) = (new SparseBytes(), new byte[Bytes]);
            foreach ((int Operation, int Offset, int Length, byte Fill) other in others)
            {
                Do(otherSparse, otherPlain, other with { Operation = other.Operation % 3 }, sparse, plain);
            }

            foreach ((int Operation, int Offset, int Length, byte Fill) one in operations)
            {
                Do(sparse, plain, one, otherSparse, otherPlain);
            }

            var read = new byte[Bytes];
            read.AsSpan().Fill(9);
            sparse.Read(0, read);
            for (int i = 0; i < Bytes; i += 997)
            {
                Assert.Equal(plain[i], sparse[i]);
            }

            return read.AsSpan().SequenceEqual(plain);
        });
    }

    [Fact]
    public void A_file_shorter_than_its_room_reads_as_zero_behind_its_pages()
    {
        var sparse = new SparseBytes();
        sparse.Write(10, [1]);
        var read = new byte[100_000];
        sparse.Read(0, read);
        Assert.Equal(1, read[10]);
        Assert.False(read.AsSpan(11).ContainsAnyExcept((byte)0));
    }

    private static void Do(SparseBytes sparse, byte[] plain, (int Operation, int Offset, int Length, byte Fill) one, SparseBytes otherSparse, byte[] otherPlain)
    {
        int length = Math.Min(one.Length, Bytes - one.Offset);
        switch (one.Operation)
        {
            case 0:
                byte[] written = [.. Enumerable.Range(0, length).Select(i => (byte)(one.Fill * i))];
                sparse.Write(one.Offset, written);
                written.CopyTo(plain, one.Offset);
                break;
            case 1:
                sparse.Clear(one.Offset, length);
                plain.AsSpan(one.Offset, length).Clear();
                break;
            case 2:
                sparse[one.Offset] = one.Fill;
                plain[one.Offset] = one.Fill;
                break;
            default:
                sparse.CopyFrom(otherSparse, one.Offset, length);
                otherPlain.AsSpan(one.Offset, length).CopyTo(plain.AsSpan(one.Offset));
                break;
        }
    }
}
