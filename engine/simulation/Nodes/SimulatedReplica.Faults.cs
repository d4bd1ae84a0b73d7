using Bft.Engine.Storage;
using Bft.Ledger;
using Bft.Ledger.Disks;
using Bft.Simulation.Disks;

namespace Bft.Simulation.Nodes;

public sealed partial class SimulatedReplica
{
    /// <summary>Stops it at once.</summary>
    /// <param name="loss">What becomes of what was not flushed.</param>
    public void Crash(CrashLoss loss)
    {
        if (Up)
        {
            Stop(loss switch
            {
                CrashLoss.None => FaultKind.CrashKept,
                CrashLoss.All => FaultKind.CrashLost,
                CrashLoss.Torn => FaultKind.CrashTorn,
                _ => FaultKind.CrashReordered,
            }, loss);
        }
    }

    /// <summary>It stands still at once. What becomes of the unflushed is told later, by <see cref="Settle"/>.</summary>
    public void Halt()
    {
        if (Up)
        {
            Up = false;
            _world.Trace.Add(_world.Time.Now, Index, TraceKind.Stopped);
            Machine.Stop();
            DropWork();
        }
    }

    /// <summary>Tells what became of the unflushed of a machine that stands still; <see cref="Start"/> follows.</summary>
    public void Settle(CrashLoss loss)
    {
        if (!Up)
        {
            Up = true;
            Crash(loss);
        }
    }

    /// <summary>It is down and its disks are lost; it will know that it may have signed.</summary>
    public void Wipe()
    {
        if (Up)
        {
            Stop(FaultKind.DiskWiped, CrashLoss.All);
        }
        else
        {
            _world.Inject(FaultKind.DiskWiped, Index);
        }

        WipeDisks();
        RecordsLost = true;
        _world.RecordsLost(this);
    }

    /// <summary>Its disks are lost and it does not know (or does not care): it will vote as if it had never signed. What only a traitor does.</summary>
    public void Forget()
    {
        if (Up)
        {
            Stop(FaultKind.Amnesia, CrashLoss.All);
        }

        JournalDisk.Wipe();
    }

    /// <summary>Bits of its files flip while it is down; from now on it is one of the f.</summary>
    public void Rot(Randomness random, int flips)
    {
        if (Up)
        {
            Stop(FaultKind.CrashLost, CrashLoss.All);
        }

        for (int i = 0; i < flips; i++)
        {
            SimulatedDisk disk = random.Below(3) switch { 0 => JournalDisk, 1 => BlocksDisk, _ => SnapshotsDisk };
            if (disk.Rot(random))
            {
                Spoilt = true;
                _world.Inject(FaultKind.BitRot, Index);
            }
        }
    }

    /// <summary>It starts again after that time, unless it is up by then.</summary>
    public void RestartAfter(TimeSpan delay) => _world.Time.Schedule(delay, this, RestartEvent, _life);

    private void Guarded(string where, Action<SimulatedReplica> action)
    {
        try
        {
            action(this);
        }
        catch (Exception exception)
        {
            Fell(where, exception);
        }
    }

    private void Fell(string where, Exception exception)
    {
        Departure = TimeSpan.Zero;
        _flushesBefore = -1;
        if (exception is MachineStoppedException)
        {
            Stop(FaultKind.CrashAtWrite, LossWhenStopped ?? _world.DrawLoss());
            RestartAfter(_world.Options.RestartAfter);
            return;
        }

        bool expected = !Honest || exception is LedgerFailedException || (exception is IOException && (JournalDisk.Full || BlocksDisk.Full || SnapshotsDisk.Full || where == "start"));
        if (exception is DamagedFileException or InvalidDataException && Spoilt)
        {
            // The operator reads the message and takes the disks away.
            Down(exception.Message);
            WipeDisks();
            RecordsLost = true;
            _world.RecordsLost(this);
            return;
        }

        if (!expected || exception is DamagedFileException)
        {
            _world.Watch.Threw(this, where, exception);
        }

        Down($"{where}: {exception.Message}");
        if (Spoilt)
        {
            WipeDisks();
            RecordsLost = true;
            _world.RecordsLost(this);
        }
    }

    // The process ends by itself; the machine goes on, and something starts the process again.
    private void Down(string why)
    {
        Up = false;
        LastWords = why;
        _world.Trace.Add(_world.Time.Now, Index, TraceKind.Stopped, what: why);
        Machine.Stop();
        JournalDisk.Crash(CrashLoss.None, 0);
        BlocksDisk.Crash(CrashLoss.None, 0);
        SnapshotsDisk.Crash(CrashLoss.None, 0);
        DropWork();
        RestartAfter(_world.Options.RestartAfter);
    }

    private void Stop(FaultKind kind, CrashLoss loss)
    {
        Up = false;
        _world.Inject(kind, Index);
        _world.Trace.Add(_world.Time.Now, Index, TraceKind.Stopped, number: (ulong)kind);
        Machine.Stop();
        int seed = _world.DrawSeed();
        JournalDisk.Crash(loss, seed);
        BlocksDisk.Crash(loss, seed + 1);
        SnapshotsDisk.Crash(loss, seed + 2);
        DropWork();
    }

    private void WipeDisks()
    {
        JournalDisk.Wipe();
        BlocksDisk.Wipe();
        SnapshotsDisk.Wipe();
        Committed = default;
    }
}
