using System.Globalization;
using System.Text;

namespace Bft.Bench.Certificates;

/// <summary>The report for people: best rounds, in the unit that fits.</summary>
internal static class CertificateTable
{
    private static readonly string[] Head = ["n", "scheme", "bytes", "sign", "check vote", "build", "verify", "build, 1 bad", "checks", "build, f bad", "checks", "refuse, f bad", "check keys"];

    /// <summary>Renders it.</summary>
    public static string Of(CertificateReport report)
    {
        var text = new StringBuilder();
        List<string[]> rows = [Head];
        foreach (SchemeReport one in report.Results)
        {
            BadVotesReport? single = one.WithBadVotes.Count > 0 ? one.WithBadVotes[0] : null, most = one.WithBadVotes.Count > 0 ? one.WithBadVotes[^1] : null;
            rows.Add([
                Number(one.Replicas), Name(one, report), Number(one.CertificateBytes), Time(one.SignMicroseconds), Time(one.VerifyVoteMicroseconds), Time(one.BuildMicroseconds), Time(one.VerifyMicroseconds),
                Time(single?.BuildMicroseconds), Number(single?.Checks), Time(most?.BuildMicroseconds), Number(most?.Checks), Time(most?.RefuseMicroseconds), Time(1000 * one.CheckKeysMilliseconds)]);
        }

        Write(text, rows);
        if (report.ColdStart.Count > 0)
        {
            text.AppendLine().AppendLine("The first calls of a process, n = 4:");
            Write(text, [
                ["scheme", "check keys", "sign", "build", "verify", "verify again"],
                .. report.ColdStart.Select(cold => new[]
                {
                    cold.Scheme, Time(cold.CheckKeysMicroseconds), Time(cold.FirstSignMicroseconds), Time(cold.FirstBuildMicroseconds), Time(cold.FirstVerifyMicroseconds), Time(cold.LaterVerifyMicroseconds),
                })]);
        }

        foreach (CrossoverReport crossover in report.Crossover)
        {
            text.AppendLine().Append(CultureInfo.InvariantCulture, $"{crossover.To} instead of {crossover.From} is smaller {From(crossover.SizeReplicas)}, built faster {From(crossover.BuildReplicas)}, verified faster {From(crossover.VerifyReplicas)}.");
        }

        return text.ToString().TrimEnd();
    }

    // The backend only where there are two of one scheme.
    private static string Name(SchemeReport one, CertificateReport report) =>
        report.Results.Any(other => other.Scheme == one.Scheme && other.Backend != one.Backend) ? $"{one.Scheme}, {one.Backend}" : one.Scheme;

    private static string From(int? replicas) => replicas is { } size ? string.Create(CultureInfo.InvariantCulture, $"from {size} replicas on") : "at no size measured";

    private static string Number(int? number) => number?.ToString("N0", CultureInfo.InvariantCulture) ?? "-";

    private static string Time(Microseconds? time) => time is null ? "-" : Time(time.Best);

    private static string Time(double microseconds) => microseconds < 1000
        ? string.Create(CultureInfo.InvariantCulture, $"{microseconds:0.#} µs")
        : string.Create(CultureInfo.InvariantCulture, $"{microseconds / 1000:0.##} ms");

    private static void Write(StringBuilder text, List<string[]> rows)
    {
        int[] widths = [.. Enumerable.Range(0, rows[0].Length).Select(column => rows.Max(row => row[column].Length))];
        foreach (string[] row in rows)
        {
            text.AppendLine(string.Join("  ", row.Select((cell, column) => cell.PadLeft(widths[column]))));
        }
    }
}
