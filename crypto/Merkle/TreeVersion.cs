namespace Bft.Crypto.Merkle;

/// <summary>A committed version of the tree.</summary>
/// <param name="Number">The number the caller gave it.</param>
/// <param name="Root">Its root.</param>
/// <param name="Count">Its keys.</param>
/// <param name="Depth">Its depth.</param>
/// <param name="Nodes">The nodes it lives in, shared with the versions of the same depth around it.</param>
internal readonly record struct TreeVersion(ulong Number, Digest Root, long Count, int Depth, AlignedArray<Digest> Nodes);
