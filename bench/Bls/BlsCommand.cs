using System.CommandLine;
using System.Globalization;
using System.Text;
using Bft.Testnet.CommandLine;

namespace Bft.Bench.Bls;

/// <summary><c>bls</c>.</summary>
internal static class BlsCommand
{
    /// <summary>The command.</summary>
    /// <param name="json">The option that all commands share.</param>
    public static Command Build(Option<bool> json)
    {
        var command = new Command("bls", "BLS12-381 from the field to the certificate: the managed code, and beside it, in turns, the native library that BFT_BLST names. Medians; the ratio is that of neighbouring rounds.");
        var rounds = new Option<int>("--rounds") { DefaultValueFactory = _ => 31, Description = "How often each operation is measured." };
        var milliseconds = new Option<double>("--milliseconds") { DefaultValueFactory = _ => 4, Description = "How long a round is, for each side." };
        var filter = new Option<string?>("--filter") { Description = "Only operations whose name contains this." };
        var starts = new Option<int>("--cold-starts") { DefaultValueFactory = _ => 3, Description = "Processes for the cold start; 0 for none." };
        foreach (Option option in new Option[] { rounds, milliseconds, filter, starts, json })
        {
            command.Options.Add(option);
        }

        command.SetAction(async (result, cancellation) =>
        {
            BlsReport report = await new BlsRun(
                Math.Clamp(result.GetValue(rounds), 1, 10_000),
                TimeSpan.FromMilliseconds(Math.Clamp(result.GetValue(milliseconds), 0.01, 10_000)),
                result.GetValue(filter),
                Math.Clamp(result.GetValue(starts), 0, 100)).RunAsync(cancellation);
            Console.WriteLine(result.GetValue(json) ? JsonOutput.Line(report) : Table(report));
            return 0;
        });
        return command;
    }

    private static string Table(BlsReport report)
    {
        var text = new StringBuilder();
        text.AppendLine(CultureInfo.InvariantCulture, $"managed code {(report.Lanes ? "with" : "without")} vectors; native: {report.Native ?? "none"}; medians of {report.Rounds} rounds");
        foreach (BlsFigure figure in report.Figures)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"{figure.Operation,-40} {Time(figure.ManagedNanoseconds),12} {Time(figure.NativeNanoseconds),12} {figure.Ratio,6:0.00} {figure.AllocatedBytes,6} B");
        }

        text.Append(CultureInfo.InvariantCulture, $"a certificate of {BlsOperations.Votes} votes is checked for {report.CertificateToVerify:0.00} verifications");
        if (report.ColdStart is { } cold)
        {
            text.AppendLine().Append(CultureInfo.InvariantCulture, $"cold start: check of four keys {Time(1000 * cold.CheckKeysMicroseconds)}, sign {Time(1000 * cold.FirstSignMicroseconds)}, build {Time(1000 * cold.FirstBuildMicroseconds)}, verify {Time(1000 * cold.FirstVerifyMicroseconds)}, then {Time(1000 * cold.LaterVerifyMicroseconds)}");
        }

        return text.ToString();
    }

    private static string Time(double? nanoseconds) => nanoseconds switch
    {
        null => "-",
        < 1000 => string.Create(CultureInfo.InvariantCulture, $"{nanoseconds:0.0} ns"),
        < 1_000_000 => string.Create(CultureInfo.InvariantCulture, $"{nanoseconds / 1000:0.0} µs"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{nanoseconds / 1_000_000:0.00} ms"),
    };
}
