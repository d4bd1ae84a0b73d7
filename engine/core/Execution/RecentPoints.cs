using Bft.Crypto;

namespace Bft.Engine.Execution;

/// <summary>A state point with what its state root joins.</summary>
internal readonly record struct ExecutedHeight(StatePoint Point, Digest ApplicationRoot, Digest SessionsRoot, ulong Transactions, Digest SharedKeysRoot);

/// <summary>The last <see cref="Capacity"/> executed heights. One thread adds, any thread reads.</summary>
internal sealed class RecentPoints
{
    public const int Capacity = 64;

    private readonly Lock _gate = new();
    private readonly ExecutedHeight[] _ring = new ExecutedHeight[Capacity];
    private ExecutedHeight _last;
    private ulong _lowest;

    /// <summary>The newest.</summary>
    public ExecutedHeight Last
    {
        get
        {
            lock (_gate)
            {
                return _last;
            }
        }
    }

    /// <summary>Forgets everything but this one.</summary>
    public void Reset(in ExecutedHeight executed)
    {
        lock (_gate)
        {
            _lowest = executed.Point.Height.Value;
            Put(executed);
        }
    }

    /// <summary>Adds the height after the last.</summary>
    public void Add(in ExecutedHeight executed)
    {
        lock (_gate)
        {
            Put(executed);
            if (executed.Point.Height.Value - _lowest == Capacity)
            {
                _lowest++;
            }
        }
    }

    /// <summary>The entry of a height, when it is kept.</summary>
    public ExecutedHeight? At(Height height)
    {
        lock (_gate)
        {
            return height.Value >= _lowest && height <= _last.Point.Height ? _ring[height.Value % Capacity] : null;
        }
    }

    private void Put(in ExecutedHeight executed)
    {
        _ring[executed.Point.Height.Value % Capacity] = executed;
        _last = executed;
    }
}
