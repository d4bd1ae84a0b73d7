using System.Globalization;
using System.Net;

namespace Bft.Testnet.Homes;

/// <summary>host:port, where the host is a DNS name, an IPv4 address, or an IPv6 address in brackets.</summary>
/// <param name="Host">The host, without brackets.</param>
/// <param name="Port">From 1 to 65535.</param>
public readonly record struct Address(string Host, int Port)
{
    /// <summary>True when the host is this machine and nobody else.</summary>
    public bool IsLoopback => IsLoopbackHost(Host);

    /// <summary>True for <c>localhost</c>, 127.0.0.0/8 and ::1.</summary>
    public static bool IsLoopbackHost(string host) =>
        string.Equals(host, "localhost", StringComparison.OrdinalIgnoreCase) || (IPAddress.TryParse(host, out IPAddress? ip) && IPAddress.IsLoopback(ip));

    /// <summary>Reads host:port.</summary>
    public static bool TryParse(string? text, out Address address)
    {
        address = default;
        int colon = text?.LastIndexOf(':') ?? -1;
        if (colon <= 0 || !int.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out int port) || port is < 1 or > 65535)
        {
            return false;
        }

        string host = text![..colon];
        if (host.StartsWith('[') && host.EndsWith(']'))
        {
            host = host[1..^1];
            if (Uri.CheckHostName(host) != UriHostNameType.IPv6)
            {
                return false;
            }
        }
        else if (Uri.CheckHostName(host) is not (UriHostNameType.Dns or UriHostNameType.IPv4))
        {
            return false;
        }

        address = new Address(host, port);
        return true;
    }

    /// <summary>host:port, as <see cref="TryParse"/> reads it.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{(Host.Contains(':', StringComparison.Ordinal) ? $"[{Host}]" : Host)}:{Port}");
}
