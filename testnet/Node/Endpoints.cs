using System.Net;
using Bft.Testnet.Homes;

namespace Bft.Testnet.Node;

/// <summary>Listening addresses out of the configuration's text.</summary>
internal static class Endpoints
{
    /// <summary>host:port with an IP address or <c>localhost</c> as host.</summary>
    /// <exception cref="HomeException">Another form.</exception>
    public static IPEndPoint Parse(string text)
    {
        string address = text.StartsWith("localhost:", StringComparison.Ordinal) ? "127.0.0.1" + text["localhost".Length..] : text;
        return IPEndPoint.TryParse(address, out IPEndPoint? endpoint) && address.Contains(':', StringComparison.Ordinal)
            ? endpoint
            : throw new HomeException($"\"{text}\" is not IP:port", "config.json, section listen", "name an address of this machine, for example 0.0.0.0:7300");
    }
}
