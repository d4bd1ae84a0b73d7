using System.Globalization;
using Bft.Simulation.Runs;
using Bft.Testnet.CommandLine;
using Spectre.Console;

namespace Bft.Testnet.Simulations;

/// <summary>A bar on standard error that says how far a sweep is, how fast it goes, and what it found; nothing where nobody looks.</summary>
/// <param name="environment">What commands are built with.</param>
/// <param name="what">What is counted.</param>
/// <param name="runs">How many there are.</param>
internal sealed class SweepProgress(CommandEnvironment environment, string what, ulong runs)
{
    /// <summary>Shows the bar while something goes on.</summary>
    public async Task<SweepReport> ShowAsync(Func<Action<SweepReport>?, Action<SweepViolation>?, Task<SweepReport>> run)
    {
        if (!environment.Terminal.ErrorIsTerminal)
        {
            return await run(null, null);
        }

        return await Terminal.Drawing(environment.Terminal.Error, isTerminal: true).Progress().AutoClear(true)
            .Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new RemainingTimeColumn())
            .StartAsync(context =>
            {
                ProgressTask task = context.AddTask(what, maxValue: Math.Max(1, (double)runs));
                string bad = "";
                return run(
                    report =>
                    {
                        task.Value = report.Runs;
                        double seconds = task.ElapsedTime?.TotalSeconds ?? 0;
                        task.Description = string.Create(CultureInfo.InvariantCulture, $"{report.Runs} {what}, {(seconds > 0 ? report.Runs / seconds : 0):0.0}/s{bad}");
                    },
                    violation => bad = bad.Length > 0 ? bad : Markup.Escape(string.Create(CultureInfo.InvariantCulture, $", violated: {violation.Check} by {violation.Seed}")));
            });
    }
}
