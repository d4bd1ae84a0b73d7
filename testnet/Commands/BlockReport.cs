using Bft.Testnet.Clients;

namespace Bft.Testnet.Commands;

/// <summary>A block as <c>block</c> and <c>watch</c> give it.</summary>
/// <param name="Height">Its height.</param>
/// <param name="Digest">Its digest.</param>
/// <param name="Proposer">Who proposed it.</param>
/// <param name="View">In which view.</param>
/// <param name="Transactions">Their ids, in order.</param>
internal sealed record BlockReport(ulong Height, string Digest, int Proposer, ulong View, IReadOnlyList<string> Transactions)
{
    /// <summary>The report of an answer.</summary>
    public static BlockReport Of(BlockAnswer block) =>
        new(block.Height.Value, block.Digest.ToString(), block.Proposer.Value, block.View.Value, [.. block.Transactions.Select(id => id.ToString())]);

    /// <summary>One line for people.</summary>
    public string Line() => $"height {Height}  view {View}  proposer {Proposer}  {Transactions.Count} transactions  {Digest}";
}
