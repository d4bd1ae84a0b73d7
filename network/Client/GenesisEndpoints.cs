using System.Net;
using Bft.Engine;

namespace Bft.Client;

/// <summary>What genesis says about endpoints: who is reached there.</summary>
internal static class GenesisEndpoints
{
    /// <summary>The client API of a validator: clear text on loopback, TLS elsewhere, as the key ceremony sets it up.</summary>
    /// <exception cref="ArgumentException">The validator's client address is not host:port.</exception>
    public static Uri Of(GenesisValidator validator)
    {
        if (!Uri.TryCreate("https://" + validator.ClientAddress, UriKind.Absolute, out Uri? endpoint))
        {
            throw new ArgumentException($"Genesis names \"{validator.ClientAddress}\" as the client address of {validator.Name}, which is not host:port: give Endpoints.");
        }

        bool isLoopback = string.Equals(endpoint.Host, "localhost", StringComparison.OrdinalIgnoreCase) ||
            (IPAddress.TryParse(endpoint.DnsSafeHost, out IPAddress? address) && IPAddress.IsLoopback(address));
        return isLoopback ? new Uri("http://" + validator.ClientAddress) : endpoint;
    }

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
