namespace Bft.Bench.Bls;

/// <summary>Something that is measured: a number of calls, one after the other.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Managed">Calls the managed code so many times.</param>
/// <param name="Native">Calls the native library so many times; null where there is none, or no function of it.</param>
internal sealed record BlsOperation(string Name, Action<int> Managed, Action<int>? Native);
