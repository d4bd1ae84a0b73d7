using System.Net;
using System.Net.Sockets;

namespace Bft.Network.Connections;

/// <summary>To whom what comes from an endpoint is charged.</summary>
internal static class SourceAddress
{
    /// <summary>The address; of an IPv6 address its /64, which one party has whole; <see cref="IPAddress.None"/> for what is no address.</summary>
    public static IPAddress Of(IPAddress? address)
    {
        if (address is null)
        {
            return IPAddress.None;
        }

        if (address.IsIPv4MappedToIPv6)
        {
            return address.MapToIPv4();
        }

        if (address.AddressFamily != AddressFamily.InterNetworkV6)
        {
            return address;
        }

        byte[] bytes = address.GetAddressBytes();
        bytes.AsSpan(bytes.Length / 2).Clear();
        return new IPAddress(bytes);
    }
}
