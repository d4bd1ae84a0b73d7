using System.Buffers.Binary;
using Bft.Crypto;

namespace Bft.Engine.Tests.Execution;

/// <summary>A small chain of four that admits unsigned runs, and what is built on it.</summary>
internal static class TestChain
{
    public static Chain Create(int sessionIntervals = 128, string name = "test chain") => new(
        HashFunction.Sha256.Hash(System.Text.Encoding.UTF8.GetBytes(name)),
        "test",
        new Committee(4),
        HashFunction.Sha256,
        new ChainLimits { SessionIntervals = sessionIntervals },
        acceptUnsigned: true);

    /// <summary>A run of the numbered client.</summary>
    public static Run Run(this Chain chain, int client, ulong first, params ReadOnlyMemory<byte>[] commands)
    {
        var name = new byte[32];
        BinaryPrimitives.WriteInt32LittleEndian(name, client);
        return Engine.Run.WithoutSignature(chain, name, first, commands);
    }

    public static Digest ClientOf(this Chain chain, int client) => chain.Run(client, 1, new byte[1]).Client;
}

/// <summary>Blocks one after the other, without consensus.</summary>
internal sealed class TestBlocks(Chain chain)
{
    public Height Height { get; private set; }

    /// <summary>What the next headers say of an earlier height.</summary>
    public StatePoint Executed { get; set; }

    public CommittedBlock Next(params Run[] runs)
    {
        Height = Height.Next();
        Payload payload = Payload.Of(chain, runs);
        var header = new BlockHeader(default, Height, new View(Height.Value), Digest.None, payload.Root, Executed, default, 1000 * Height.Value);
        return new CommittedBlock(new Block(chain, header, payload, null), new CommitProof(null, []));
    }
}
