using Bft.Testnet.Ceremony;

namespace Bft.Testnet.CommandLine;

/// <summary>What the executable is put together from: the one place that names the client library, the validator and the ledger's audit.</summary>
internal static class ExecutableParts
{
    /// <summary>The parts of this build.</summary>
    public static Composition Compose() => new()
    {
        Catalogue = Catalogue.OfEngine(),
        Clients = new Absent(),
        Validator = Node.Validator.RunAsync,
        Audit = new Node.LedgerAuditor(),
    };

    private sealed class Absent : Clients.IClients
    {
        public static CommandException Part(string name) => new($"this build contains no {name}", "bft", "build the whole solution");

        public Clients.ITransactionClient Transactions(Clients.ClientTarget target, Crypto.Signatures.ISigner? key) => throw Part("client library");

        public Clients.IQueryClient Queries(Clients.ClientTarget target) => throw Part("client library");

        public Clients.IStatusClient Status(Clients.ClientTarget target) => throw Part("client library");
    }
}
