using Bft.Testnet.Ceremony;
using Bft.Testnet.Clients;

namespace Bft.Testnet.CommandLine;

/// <summary>What the executable is put together from: the one place that names the client library, the validator and the ledger's audit.</summary>
internal static class ExecutableParts
{
    /// <summary>The parts of this build.</summary>
    public static Composition Compose() => new()
    {
        Catalogue = Catalogue.OfEngine(),
        Clients = new BftClients(),
        Validator = Node.Validator.RunAsync,
        Audit = new Node.LedgerAuditor(),
    };
}
