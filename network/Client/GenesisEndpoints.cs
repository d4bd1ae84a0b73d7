using Bft.Engine;

namespace Bft.Client;

/// <summary>What genesis says about endpoints: who is reached there.</summary>
internal static class GenesisEndpoints
{
    /// <summary>The validator whose client address in genesis is that endpoint; null when it is none's, or more than one's.</summary>
    public static ReplicaId? ValidatorAt(Genesis genesis, Uri endpoint)
    {
        ReplicaId? found = null;
        for (int i = 0; i < genesis.Validators.Length; i++)
        {
            if (IsAt(genesis.Validators[i].ClientAddress, endpoint))
            {
                if (found is not null)
                {
                    return null;
                }

                found = new ReplicaId(i);
            }
        }

        return found;
    }

    // With the endpoint's own scheme, so that a port left out means the same on both sides.
    private static bool IsAt(string address, Uri endpoint) =>
        Uri.TryCreate($"{endpoint.Scheme}://{address}", UriKind.Absolute, out Uri? of) && of.Port == endpoint.Port &&
        string.Equals(of.IdnHost, endpoint.IdnHost, StringComparison.OrdinalIgnoreCase);
}
