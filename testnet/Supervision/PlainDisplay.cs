using System.Globalization;
using Bft.Testnet.Clients;

namespace Bft.Testnet.Supervision;

/// <summary>A testnet as plain lines: for pipes and files, and for programs, which see deaths only.</summary>
/// <param name="say">Takes lines that are of interest to people.</param>
/// <param name="notice">Takes lines that should be noticed.</param>
/// <param name="time">The clock.</param>
/// <param name="every">How often the state is told.</param>
public sealed class PlainDisplay(Action<string>? say, Action<string> notice, TimeProvider time, TimeSpan every) : ITestnetDisplay
{
    /// <inheritdoc/>
    public void Ready(TestnetDirectory testnet)
    {
        foreach (string line in Describe(testnet))
        {
            say?.Invoke(line);
        }
    }

    /// <inheritdoc/>
    public void Happened(SupervisorEvent happened)
    {
        switch (happened)
        {
            case ValidatorDied died:
                notice(died.Describe());
                break;
            case ValidatorRestarting restarting:
                notice(Describe(restarting));
                break;
            case ValidatorStarted started:
                say?.Invoke($"validator {started.Validator} started as process {started.ProcessId}");
                break;
            case ValidatorReady ready:
                say?.Invoke($"validator {ready.Validator} is ready");
                break;
        }
    }

    /// <inheritdoc/>
    public async Task ShowAsync(Func<CancellationToken, Task<StatusRound>> ask, CancellationToken cancellation)
    {
        if (say is null)
        {
            return;
        }

        try
        {
            using var timer = new PeriodicTimer(every, time);
            var rate = new RateMeter(time);
            while (await timer.WaitForNextTickAsync(cancellation))
            {
                StatusRound round = await ask(cancellation);
                if (round.Statuses.Where(status => status is not null).MaxBy(status => status!.Height) is { } highest)
                {
                    say(string.Create(
                        CultureInfo.InvariantCulture,
                        $"height {highest.Height.Value}  view {highest.View.Value}  leader {Leader(highest)}  {rate.Of(highest.CommittedTransactions):0} tx/s  mempool {highest.Mempool}  {round.Statuses.Count(status => status is not null)} of {round.Statuses.Length} answer"));
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The end of the run.
            return;
        }
    }

    /// <summary>The endpoints and the page, line by line.</summary>
    internal static IEnumerable<string> Describe(TestnetDirectory testnet)
    {
        yield return $"{(testnet.Made ? "made" : "went on with")} {testnet.Layout.Root}: chain {testnet.Genesis.ChainId}";
        if (testnet.Genesis.Development)
        {
            yield return "a development chain: its passphrase lies beside its keys; use \"bft init\" for anything real";
        }

        for (int i = 0; i < testnet.Genesis.Validators.Length; i++)
        {
            Engine.GenesisValidator validator = testnet.Genesis.Validators[i];
            yield return string.Create(CultureInfo.InvariantCulture, $"validator {i}  client API {ClientEndpoint.Of(validator)}  HTTP http://{validator.HttpAddress}");
        }

        yield return $"page: http://{testnet.Genesis.Validators[0].HttpAddress}/";
    }

    /// <summary>A restart, for people.</summary>
    internal static string Describe(ValidatorRestarting restarting) =>
        string.Create(CultureInfo.InvariantCulture, $"validator {restarting.Validator} is started again in {restarting.After.TotalSeconds:0.0} s");

    /// <summary>The leader, for people.</summary>
    internal static string Leader(ValidatorStatus status) => status.Leader?.Value.ToString(CultureInfo.InvariantCulture) ?? "-";
}
