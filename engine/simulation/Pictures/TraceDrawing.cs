using System.Globalization;

namespace Bft.Simulation.Pictures;

/// <summary>How a kind of event is marked on a lane.</summary>
/// <param name="Name">Its name in the legend.</param>
/// <param name="Shape">tick, diamond, square, triangle, or anything else for a dot.</param>
/// <param name="Color">Its colour.</param>
/// <param name="Offset">Pixels below the lane's line.</param>
/// <param name="Label">Whether its text stands beside it where there is room.</param>
internal sealed record Mark(string Name, string Shape, string Color, int Offset, bool Label);

/// <summary>A part of a trace as the page draws it: arrays of numbers, in milliseconds, texts by their number.</summary>
internal sealed class TraceDrawing
{
    private readonly Trace _trace;
    private readonly Dictionary<string, int> _textNumbers = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _kindNumbers = new(StringComparer.Ordinal);
    private readonly List<string> _texts = [];
    private readonly List<string> _kinds = [];
    private readonly List<double[]> _messages = [];
    private readonly List<object[]> _events = [];
    private readonly List<double[]> _down = [];

    public TraceDrawing(Trace trace, int nodes, int first, int end)
    {
        _trace = trace;
        IReadOnlyList<TraceEvent> events = trace.Events;
        From = events[first].At.TotalMilliseconds;
        To = events[end - 1].At.TotalMilliseconds;
        int lanes = 1 + events.Max(entry => entry.Kind is TraceKind.Sent ? Math.Max(entry.Instance, entry.Other) : entry.Instance);
        Lanes = [.. Enumerable.Range(0, Math.Max(lanes, nodes)).Select(lane => lane.ToString(CultureInfo.InvariantCulture) + (lane < nodes ? "" : " twin"))];
        AddDown(events);
        AddEvents(events, first, end);
    }

    /// <summary>The marks, in the order of <see cref="MarkOf"/>.</summary>
    public static IReadOnlyList<Mark> Marks { get; } =
    [
        new("view", "tick", "#6b7885", -12, true),
        new("certificate", "diamond", "#2e9e5b", 0, false),
        new("commit", "square", "#2f7ed8", 11, true),
        new("executed", "dot", "#7d8b2a", 11, false),
        new("started", "dot", "#2e9e5b", 0, true),
        new("stopped", "dot", "#c62828", 0, true),
        new("refused", "dot", "#b0577a", 0, false),
        new("alarm", "triangle", "#d9822b", 0, true),
        new("accuses", "diamond", "#8e5ad6", 0, true),
        new("fault", "triangle", "#c62828", -12, true),
        new("client", "dot", "#17a2b8", 0, false),
    ];

    public double From { get; }

    public double To { get; }

    public IReadOnlyList<string> Lanes { get; }

    public IReadOnlyList<string> Kinds => _kinds;

    public IReadOnlyList<string> Texts => _texts;

    /// <summary>[from, to, sent, arrived or −1, kind, text].</summary>
    public IReadOnlyList<double[]> Messages => _messages;

    /// <summary>[lane, at, mark, text].</summary>
    public IReadOnlyList<object[]> Events => _events;

    /// <summary>[lane, from, to].</summary>
    public IReadOnlyList<double[]> Down => _down;

    private static int MarkOf(TraceKind kind) => kind switch
    {
        TraceKind.Entered => 0,
        TraceKind.Certified => 1,
        TraceKind.Committed => 2,
        TraceKind.Executed => 3,
        TraceKind.Started => 4,
        TraceKind.Stopped => 5,
        TraceKind.Refused => 6,
        TraceKind.Alarm => 7,
        TraceKind.Accused => 8,
        TraceKind.Fault => 9,
        TraceKind.Client => 10,
        _ => -1,
    };

    private void AddEvents(IReadOnlyList<TraceEvent> events, int first, int end)
    {
        // What is on its way on a link, oldest first: the same bytes may be there many times.
        var underWay = new Dictionary<(int From, int To, object Bytes), Queue<double[]>>();
        for (int i = first; i < end; i++)
        {
            TraceEvent entry = events[i];
            double at = entry.At.TotalMilliseconds;
            switch (entry.Kind)
            {
                case TraceKind.Sent:
                    double[] message = [entry.Instance, entry.Other, at, -1, NumberOf(_kindNumbers, _kinds, _trace.KindOf(entry)), NumberOf(_textNumbers, _texts, _trace.Words(entry))];
                    _messages.Add(message);
                    Queue(underWay, (entry.Instance, entry.Other, entry.What!)).Enqueue(message);
                    break;
                case TraceKind.Delivered:
                    Arrive(underWay, entry, at);
                    break;
                default:
                    if (MarkOf(entry.Kind) is >= 0 and var mark)
                    {
                        _events.Add([entry.Instance, at, mark, NumberOf(_textNumbers, _texts, _trace.Words(entry))]);
                    }

                    break;
            }
        }
    }

    // A message that comes twice is drawn twice; one that was sent before the part that is shown is not drawn.
    private void Arrive(Dictionary<(int From, int To, object Bytes), Queue<double[]>> underWay, in TraceEvent entry, double at)
    {
        if (!underWay.TryGetValue((entry.Other, entry.Instance, entry.What!), out Queue<double[]>? waiting))
        {
            return;
        }

        double[] oldest = waiting.Peek();
        if (oldest[3] >= 0)
        {
            double[] again = [oldest[0], oldest[1], oldest[2], at, oldest[4], oldest[5]];
            int place = _messages.IndexOf(oldest);
            _messages.Insert(place, again);
            return;
        }

        oldest[3] = at;
        if (waiting.Count > 1)
        {
            waiting.Dequeue();
        }
    }

    private void AddDown(IReadOnlyList<TraceEvent> events)
    {
        Dictionary<int, double> since = [];
        foreach (TraceEvent entry in events)
        {
            double at = entry.At.TotalMilliseconds;
            if (entry.Kind == TraceKind.Stopped)
            {
                since.TryAdd(entry.Instance, at);
            }
            else if (entry.Kind == TraceKind.Started && since.Remove(entry.Instance, out double stopped))
            {
                _down.Add([entry.Instance, stopped, at]);
            }
        }

        foreach ((int lane, double stopped) in since.OrderBy(entry => entry.Key))
        {
            _down.Add([lane, stopped, events[^1].At.TotalMilliseconds]);
        }
    }

    private static Queue<double[]> Queue(Dictionary<(int From, int To, object Bytes), Queue<double[]>> underWay, (int From, int To, object Bytes) key)
    {
        if (!underWay.TryGetValue(key, out Queue<double[]>? waiting))
        {
            underWay[key] = waiting = [];
        }

        return waiting;
    }

    private static int NumberOf(Dictionary<string, int> numbers, List<string> list, string text)
    {
        if (!numbers.TryGetValue(text, out int number))
        {
            numbers[text] = number = list.Count;
            list.Add(text);
        }

        return number;
    }
}
