using System.CommandLine;
using BenchmarkDotNet.Running;
using Bft.Bench.Bls;
using Bft.Bench.Certificates;
using Bft.Bench.ConstantTime;
using Bft.Bench.Crash;
using Bft.Bench.Rejoin;
using Bft.Bench.Simulation;
using Bft.Bench.Throughput;
using Bft.Crypto.Certificates;
using Bft.Engine;
using Bft.Testnet;
using Bft.Testnet.CommandLine;
using Bft.Testnet.Homes;

var root = new RootCommand("Measures the engine on this machine. Quiet machine, Release build; quote ratios, not single figures.");
var json = new Option<bool>("--json") { Description = "One JSON document on standard output." };

var throughput = new Command("throughput", "Real validator processes under load: transactions a second, latency, processor time, memory, disk.");
var nodes = new Option<int>("--nodes") { DefaultValueFactory = _ => 4, Description = "Validators." };
var scheme = new Option<string?>("--scheme") { Description = $"The certificate scheme: {string.Join(", ", CertificateSchemes.Names)}." };
var valueBytes = new Option<int>("--value-bytes") { DefaultValueFactory = _ => 128, Description = "Bytes of each value." };
var seconds = new Option<int>("--seconds") { DefaultValueFactory = _ => 20, Description = "How long is measured, after a warm-up." };
var warmUp = new Option<int>("--warm-up") { DefaultValueFactory = _ => 8, Description = "Seconds of load before the measurement." };
var unsigned = new Option<bool>("--unsigned") { Description = "Unsigned transactions on a chain that admits them." };
var window = new Option<int>("--window") { DefaultValueFactory = _ => 8192, Description = "Transactions under way (closed loop)." };
var rate = new Option<double?>("--rate") { Description = "Transactions offered a second (open loop)." };
var perMessage = new Option<int>("--per-message") { DefaultValueFactory = _ => 64, Description = "Transactions a client message holds." };
var perSignature = new Option<int>("--per-signature") { DefaultValueFactory = _ => 1, Description = "Transactions under one client signature." };
var verifiers = new Option<string>("--verifiers") { DefaultValueFactory = _ => NodeConfig.AllVerifiers, Description = "Who checks each client signature: all validators, or f+1." };
verifiers.AcceptOnlyFromAmong(NodeConfig.AllVerifiers, NodeConfig.FewVerifiers);
var keys = new Option<int>("--keys") { DefaultValueFactory = _ => 100_000, Description = "Different keys." };
var dead = new Option<int>("--dead") { Description = "Validators that are never started." };
var preSigned = new Option<int>("--presigned") { DefaultValueFactory = _ => 300_000, Description = "Signed runs made before the clock starts." };
scheme.Validators.Add(result =>
{
    if (result.GetValueOrDefault<string?>() is { } name && !CertificateSchemes.Names.Contains(name))
    {
        result.AddError($"there is no certificate scheme \"{name}\"; known: {string.Join(", ", CertificateSchemes.Names)}");
    }
});
foreach (Option<int> positive in new[] { nodes, seconds, window, perMessage, perSignature, keys, preSigned })
{
    positive.Validators.Add(result =>
    {
        if (result.GetValueOrDefault<int>() < 1)
        {
            result.AddError($"{positive.Name} is at least 1");
        }
    });
}

foreach (Option option in new Option[] { nodes, scheme, valueBytes, seconds, warmUp, unsigned, window, rate, perMessage, perSignature, keys, dead, preSigned, verifiers, json })
{
    throughput.Options.Add(option);
}

throughput.SetAction(async (result, cancellation) =>
{
    var options = new ThroughputOptions
    {
        Nodes = result.GetValue(nodes),
        Scheme = result.GetValue(scheme),
        ValueBytes = Math.Max(8, result.GetValue(valueBytes)),
        Seconds = result.GetValue(seconds),
        WarmUpSeconds = result.GetValue(warmUp),
        Unsigned = result.GetValue(unsigned),
        Window = result.GetValue(window),
        Rate = result.GetValue(rate),
        PerMessage = result.GetValue(perMessage),
        PerSignature = result.GetValue(perSignature),
        Keys = result.GetValue(keys),
        Dead = result.GetValue(dead),
        PreSigned = result.GetValue(preSigned),
        SharedVerification = result.GetValue(verifiers) == NodeConfig.FewVerifiers,
    };
    ThroughputReport report = await new ThroughputRun(options, Console.Error).RunAsync(cancellation);
    if (result.GetValue(json))
    {
        Console.WriteLine(JsonOutput.Line(report));
    }
    else
    {
        Console.WriteLine($"{report.TransactionsPerSecond:N0} tx/s, p50 {report.LatencyMs.P50} ms, p99 {report.LatencyMs.P99} ms, {report.CpuSecondsPer1000} CPU s per 1,000, {report.BlocksPerSecond} blocks/s of {report.TransactionsPerBlock} transactions, {report.FsyncsPerSecond} fsyncs/s a validator, peak {string.Join(", ", report.PeakMemoryMiB)} MiB; {report.VerificationsPerTransaction} Ed25519 verifications' worth a transaction ({report.VerifyMicroseconds[0]} and {report.VerifyMicroseconds[1]} us each on this machine now)");
    }

    return report.Committed > 0 ? 0 : 1;
});
root.Subcommands.Add(throughput);

var crash = new Command("crash", "Kills validators (SIGKILL) at random moments under load, again and again; then checks that nothing acknowledged is lost, nothing was signed twice, every ledger passes the audit and all agree.");
var rounds = new Option<int>("--rounds") { DefaultValueFactory = _ => 200, Description = "How often to kill." };
var victims = new Option<CrashVictims>("--victims") { DefaultValueFactory = _ => CrashVictims.All, Description = "All at once, or one at a time." };
var seed = new Option<int>("--seed") { DefaultValueFactory = _ => Environment.ProcessId, Description = "Draws victims and moments." };
foreach (Option option in new Option[] { rounds, victims, seed, scheme, json })
{
    crash.Options.Add(option);
}

crash.SetAction(async (result, cancellation) =>
{
    string directory = Path.Combine(Path.GetTempPath(), $"bft-crash-{Environment.ProcessId}");
    CrashReport report = await new CrashRun(directory, result.GetValue(rounds), result.GetValue(victims), result.GetValue(seed), Console.Error, result.GetValue(scheme)).RunAsync(cancellation);
    Console.WriteLine(result.GetValue(json)
        ? JsonOutput.Line(report)
        : $"{report.Rounds} rounds (seed {report.Seed}): {report.Acknowledged} acknowledged, {report.Lost} lost, {report.Contradictions} contradictions, ledgers {(report.Agree ? "agree" : "DIFFER")} at height {report.Height}, audits {(report.Audits.All(audit => audit.Ok) ? "pass" : "FAIL")}");
    if (report.Ok)
    {
        Directory.Delete(directory, recursive: true);
        return 0;
    }

    Console.Error.WriteLine($"the evidence is kept in {directory}");
    return 1;
});
root.Subcommands.Add(crash);

root.Subcommands.Add(RejoinCommand.Build(json));
root.Subcommands.Add(BlsCommand.Build(json));
root.Subcommands.Add(CertificateCommand.Build(json));
root.Subcommands.Add(ConstantTimeCommand.Build(json));

var simulation = new Command("simulation", "How fast the simulated world goes on one core: events and fault-injected runs a second, and a committee of 100.");
var protocol = new Option<string>("--protocol") { DefaultValueFactory = _ => "hotstuff", Description = "The protocol." };
var secondsPerSize = new Option<double>("--seconds") { DefaultValueFactory = _ => 8, Description = "How long each size is measured." };
foreach (Option option in new Option[] { protocol, secondsPerSize, json })
{
    simulation.Options.Add(option);
}

simulation.SetAction(result =>
{
    ProtocolDescriptor? known = Protocols.Find(result.GetRequiredValue(protocol));
    if (known is null)
    {
        Console.Error.WriteLine($"error: there is no protocol \"{result.GetRequiredValue(protocol)}\"; known: {string.Join(", ", Protocols.All.Select(other => other.Name))}");
        return 2;
    }

    SimulationReport report = new SimulationBench(known, result.GetValue(secondsPerSize), Console.Error).Run();
    if (result.GetValue(json))
    {
        Console.WriteLine(JsonOutput.Line(report));
        return 0;
    }

    foreach (SizeReport size in report.Sizes)
    {
        Console.WriteLine($"n = {size.Nodes}: {size.EventsPerSecond:N0} events/s{Mark(size.EventsMark)}, {size.RunsPerSecond} runs/s{Mark(size.RunsMark)}, {size.EventsPerRun:N0} events a run, {size.Violations} violations");
    }

    Console.WriteLine($"n = {report.Large.Nodes}: {report.Large.Blocks} blocks in {report.Large.Seconds} s (mark {report.Large.SecondsMark}), {report.Large.EventsPerSecond:N0} events/s, {report.Large.KiBPerReplica:N0} KiB a replica");
    return 0;

    static string Mark(double? mark) => mark is { } value ? $" (mark {value:N0})" : "";
});
root.Subcommands.Add(simulation);

var micro = new Command("micro", "BenchmarkDotNet on the hot paths; further arguments go to it (for example --filter *Journal*).") { TreatUnmatchedTokensAsErrors = false };
micro.SetAction(result =>
{
    BenchmarkSwitcher.FromAssembly(typeof(ThroughputRun).Assembly).Run([.. result.UnmatchedTokens]);
    return 0;
});
root.Subcommands.Add(micro);
try
{
    return await root.Parse(args).InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false });
}
catch (OperationCanceledException)
{
    Console.Error.WriteLine("stopped before the end: nothing is reported");
    return ExitCodes.Interrupted;
}
catch (DiagnosedException exception)
{
    Console.Error.WriteLine($"error: {exception.Message}");
    return ExitCodes.Failure;
}
catch (Exception exception)
{
    Console.Error.WriteLine($"error: {exception}");
    return ExitCodes.Failure;
}
