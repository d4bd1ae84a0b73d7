using System.Globalization;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Bft.Testnet.Supervision;

/// <summary>A testnet as a table that is drawn anew every second: for terminals.</summary>
/// <param name="console">Draws.</param>
/// <param name="time">The clock.</param>
public sealed class LiveDisplay(IAnsiConsole console, TimeProvider time) : ITestnetDisplay
{
    private const int MostNotices = 6;
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(1);

    private readonly Queue<string> _notices = new();
    private readonly Lock _gate = new();
    private bool _drawing;

    /// <inheritdoc/>
    public void Ready(TestnetDirectory testnet)
    {
        foreach (string line in PlainDisplay.Describe(testnet))
        {
            console.WriteLine(line);
        }
    }

    /// <inheritdoc/>
    public void Happened(SupervisorEvent happened)
    {
        string? line = happened switch
        {
            ValidatorDied died => died.Describe(),
            ValidatorRestarting restarting => PlainDisplay.Describe(restarting),
            _ => null,
        };
        if (line is null)
        {
            return;
        }

        lock (_gate)
        {
            if (!_drawing)
            {
                console.WriteLine(line);
                return;
            }

            // A line written while the table is drawn would tear it: it is shown below instead.
            while (_notices.Count >= MostNotices)
            {
                _notices.Dequeue();
            }

            _notices.Enqueue(string.Create(CultureInfo.InvariantCulture, $"{time.GetLocalNow():HH:mm:ss} {line}"));
        }
    }

    /// <inheritdoc/>
    public async Task ShowAsync(Func<CancellationToken, Task<StatusRound>> ask, CancellationToken cancellation)
    {
        SetDrawing(true);
        try
        {
            var rates = new Dictionary<int, RateMeter>();
            await console.Live(new Text("waiting for the first answer")).StartAsync(async context =>
            {
                using var timer = new PeriodicTimer(Every, time);
                do
                {
                    context.UpdateTarget(Draw(await ask(cancellation), rates));
                }
                while (await timer.WaitForNextTickAsync(cancellation));
            });
        }
        catch (OperationCanceledException)
        {
            // The end of the run.
            return;
        }
        finally
        {
            SetDrawing(false);
        }
    }

    private Rows Draw(StatusRound round, Dictionary<int, RateMeter> rates)
    {
        var table = new Table().Border(TableBorder.Rounded);
        foreach (string column in new[] { "id", "leader", "view", "height", "tx/s", "mempool", "peers", "state" })
        {
            table.AddColumn(new TableColumn(column).RightAligned());
        }

        for (int i = 0; i < round.Statuses.Length; i++)
        {
            string id = i.ToString(CultureInfo.InvariantCulture);
            if (round.Statuses[i] is not { } status)
            {
                table.AddRow(id, "", "", "", "", "", "", "[red]silent[/]");
                continue;
            }

            rates.TryAdd(i, new RateMeter(time));
            table.AddRow(
                id,
                PlainDisplay.Leader(status) == id ? "[green]leads[/]" : PlainDisplay.Leader(status),
                Number(status.View.Value),
                Number(status.Height.Value),
                rates[i].Of(status.CommittedTransactions).ToString("0", CultureInfo.InvariantCulture),
                status.Mempool.ToString(CultureInfo.InvariantCulture),
                string.Create(CultureInfo.InvariantCulture, $"{status.Peers.Count(peer => peer.Connected)}/{status.Peers.Length}"),
                status.Voting ? "[green]voting[/]" : "[yellow]not voting[/]");
        }

        lock (_gate)
        {
            return new Rows([table, .. _notices.Select(notice => (IRenderable)new Text(notice)), new Text("Ctrl+C stops.")]);
        }
    }

    private void SetDrawing(bool drawing)
    {
        lock (_gate)
        {
            _drawing = drawing;
        }
    }

    private static string Number(ulong value) => value.ToString(CultureInfo.InvariantCulture);
}
