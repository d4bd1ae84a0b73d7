using System.Collections.Immutable;

namespace Bft.Crypto.Certificates;

/// <summary>What became of votes that were combined and checked together.</summary>
/// <param name="Certificate">The certificate, checked; null when there are liars.</param>
/// <param name="Liars">Whose signatures do not hold; the rest hold together.</param>
/// <param name="Checks">How many verifications it took.</param>
public readonly record struct CombinedVotes(byte[]? Certificate, ImmutableArray<int> Liars, int Checks);
