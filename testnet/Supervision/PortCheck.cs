using System.Net;
using System.Net.Sockets;
using Bft.Testnet.Homes;

namespace Bft.Testnet.Supervision;

/// <summary>Sees to it that every port is free before any process is started: the error of a validator that cannot bind comes late and in a log.</summary>
public static class PortCheck
{
    /// <summary>Tries every address a testnet will listen on.</summary>
    /// <param name="listens">The addresses, validator by validator.</param>
    /// <exception cref="TestnetException">A port is in use or cannot be used.</exception>
    public static void RequireFree(IReadOnlyList<ListenAddresses> listens)
    {
        for (int i = 0; i < listens.Count; i++)
        {
            Require(listens[i].Clients, $"client API of validator {i}");
            Require(listens[i].Peers, $"validator port of validator {i}");
            Require(listens[i].Http, $"HTTP of validator {i}");
        }
    }

    private static void Require(string text, string use)
    {
        if (!Address.TryParse(text, out Address address) || !IPAddress.TryParse(address.Host, out IPAddress? ip))
        {
            throw new TestnetException($"\"{text}\" is not IP:port", use, "correct it in the validator's config.json");
        }

        try
        {
            using var listener = new TcpListener(ip, address.Port);
            listener.Start();
        }
        catch (SocketException exception) when (exception.SocketErrorCode == SocketError.AddressAlreadyInUse)
        {
            throw new TestnetException($"port {address.Port} is in use", $"{address}, {use}", "stop what listens there, or choose other ports with --port and another directory with --data", exception);
        }
        catch (SocketException exception)
        {
            throw new TestnetException($"port {address.Port} cannot be used: {exception.Message}", $"{address}, {use}", "choose other ports with --port and another directory with --data", exception);
        }
    }
}
