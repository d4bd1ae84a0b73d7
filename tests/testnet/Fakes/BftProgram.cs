using System.Diagnostics;
using System.Text;
using System.Text.Json.Nodes;
using Bft.Crypto.KeyStore;
using Bft.Engine;
using Bft.Testnet.Ceremony;
using Bft.Testnet.Clients;
using Bft.Testnet.CommandLine;
using Bft.Testnet.Homes;
using Bft.Testnet.Supervision;

namespace Bft.Testnet.Tests.Fakes;

/// <summary>What a command line printed and how it ended.</summary>
internal sealed record Ended(int Code, string Output, string Error)
{
    /// <summary>The one JSON document on standard output; anything besides it fails the test.</summary>
    public JsonObject Json => JsonNode.Parse(Assert.Single(Output.Split('\n', StringSplitOptions.RemoveEmptyEntries)))!.AsObject();

    /// <summary>The error of the JSON document: what.</summary>
    public string What => Json["error"]!["what"]!.GetValue<string>();

    /// <summary>The one line on standard error.</summary>
    public string ErrorLine => Assert.Single(Error.Split('\n', StringSplitOptions.RemoveEmptyEntries));
}

/// <summary>Runs command lines in this process, with a testnet in memory behind them.</summary>
internal sealed class BftProgram
{
    public static Catalogue Catalogue { get; } = new([new KnownProtocol("hotstuff", FaultModel.Byzantine), new KnownProtocol("raft", FaultModel.Crash)], ["ed25519"]);

    public FakeTestnet Testnet { get; } = new();

    public ValidatorEntry Validator { get; set; } = static (_, _, _) => Task.FromResult(0);

    public AuditReport Audit { get; set; } = new(true, 12, 34, "ab", null);

    /// <summary>Thrown by the audit in place of its report.</summary>
    public Exception? AuditFailure { get; set; }

    public Func<HomeLayout, ProcessStartInfo> ValidatorProcess { get; set; } = static _ => throw new InvalidOperationException("No process is expected here.");

    public SupervisorOptions Supervision { get; set; } = new();

    public string Input { get; set; } = "";

    public Task<Ended> RunAsync(params string[] arguments) => RunAsync(CancellationToken.None, arguments);

    public async Task<Ended> RunAsync(CancellationToken cancellation, params string[] arguments)
    {
        using var output = new StringWriter { NewLine = "\n" };
        using var error = new StringWriter { NewLine = "\n" };
        var terminal = new Terminal(new MemoryStream(Encoding.UTF8.GetBytes(Input)), TextWriter.Synchronized(output), TextWriter.Synchronized(error), false, false);
        var composition = new Composition
        {
            Catalogue = Catalogue,
            Clients = Testnet,
            Validator = Validator,
            Audit = new FakeAudit(Audit, AuditFailure),
            ValidatorProcess = ValidatorProcess,
            Supervision = Supervision,
            CeremonyCost = KeyDerivationCost.Light,
        };
        int code = await BftCommandLine.RunAsync(arguments, terminal, composition, cancellation);
        return new Ended(code, output.ToString(), error.ToString());
    }

    private sealed class FakeAudit(AuditReport report, Exception? failure) : ILedgerAudit
    {
        public Task<AuditReport> AuditAsync(NodeSettings settings, IProgress<ulong>? progress, CancellationToken cancellation) =>
            failure is null ? Task.FromResult(report) : Task.FromException<AuditReport>(failure);
    }
}
