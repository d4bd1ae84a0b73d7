using Bft.Ledger.Disks;

namespace Bft.Simulation.Disks;

/// <summary>The simulated machine stopped in the middle of what it did. Not an I/O error: nothing on that machine goes on to handle it.</summary>
public sealed class MachineStoppedException() : Exception("The simulated machine stopped.");

/// <summary>What stops together: all disks of one replica. It can be told to stop at any write or flush to come.</summary>
public sealed class SimulatedMachine
{
    private long? _stopIn;
    private bool _stopBefore;

    /// <summary>Writes, flushes and changes of names so far, on all disks.</summary>
    public long Operations { get; private set; }

    /// <summary>True from the moment it stopped to <see cref="Restart"/>.</summary>
    public bool Stopped { get; private set; }

    /// <summary>Stops it at an operation to come.</summary>
    /// <param name="operations">How many operations still succeed.</param>
    /// <param name="before">True: the next one after these is not done at all; false: it is done, and nothing is done after it.</param>
    public void StopIn(long operations, bool before) => (_stopIn, _stopBefore) = (operations, before);

    /// <summary>Stops it now.</summary>
    public void Stop() => Stopped = true;

    /// <summary>Turns it on again.</summary>
    public void Restart() => (Stopped, _stopIn) = (false, null);

    internal void Begin()
    {
        Check();
        Operations++;
        if (_stopIn is <= 0 && _stopBefore)
        {
            Stopped = true;
            Check();
        }
    }

    internal void End()
    {
        if (_stopIn is { } left)
        {
            if (left <= 0)
            {
                Stopped = true;
                Check();
            }

            _stopIn = left - 1;
        }
    }

    internal void Check()
    {
        if (Stopped)
        {
            throw new MachineStoppedException();
        }
    }
}

/// <summary>
/// A disk of a simulated machine: the durability of <see cref="MemoryDisk"/>, with a machine that can stop at any of its operations and with every fault
/// counted. Used by one thread.
/// </summary>
/// <param name="machine">What stops with it.</param>
/// <param name="injected">Told of each fault when it takes effect.</param>
public sealed class SimulatedDisk(SimulatedMachine machine, Action<FaultKind> injected) : IDisk
{
    private MemoryDisk _disk = new();
    private int _failingFlushes;
    private bool _full;
    private int? _tearAfter;

    /// <inheritdoc/>
    public string Location => "simulated";

    /// <summary>The medium, to look at or to damage.</summary>
    public MemoryDisk Medium => _disk;

    /// <summary>While true every write finds no room after some bytes, and new files cannot be made.</summary>
    public bool Full
    {
        get => _full;
        set
        {
            _full = value;
            Apply();
        }
    }

    /// <summary>Bytes of all files.</summary>
    public long Bytes
    {
        get
        {
            long bytes = 0;
            foreach (string name in _disk.List())
            {
                using IDiskFile file = _disk.Open(name, writable: false);
                bytes += file.Length;
            }

            return bytes;
        }
    }

    /// <summary>How long the write was that <see cref="TearNextWrite"/> tore last, in bytes.</summary>
    public int LastTorn { get; private set; }

    /// <summary>File flushes so far.</summary>
    public int Flushes => _disk.FileFlushes;

    /// <summary>Lets flushes to come fail; their pages are lost.</summary>
    public void FailFlushes(int count) => _failingFlushes = count;

    /// <summary>The machine stops within the next write: the first bytes of it are there, and nothing behind them.</summary>
    public void TearNextWrite(int bytes) => _tearAfter = bytes;

    /// <summary>What a stop of the machine does to the unflushed.</summary>
    public void Crash(CrashLoss loss, int seed)
    {
        _disk.Crash(loss, seed);
        _failingFlushes = 0;
        Apply();
    }

    /// <summary>A new, empty disk stands in its place.</summary>
    public void Wipe()
    {
        _disk = new MemoryDisk();
        _failingFlushes = 0;
        Apply();
    }

    /// <summary>Ends all faults.</summary>
    public void Heal()
    {
        _failingFlushes = 0;
        Full = false;
    }

    /// <summary>Flips a bit somewhere in its files; false when there are no bytes.</summary>
    public bool Rot(Randomness random)
    {
        IReadOnlyList<string> names = _disk.List();
        if (names.Count == 0)
        {
            return false;
        }

        string name = names[random.Below(names.Count)];
        int length = _disk.ReadAll(name).AsSpan().TrimEnd((byte)0).Length;
        if (length == 0)
        {
            return false;
        }

        _disk.Flip(name, random.Below(length), (byte)(1 << random.Below(8)));
        return true;
    }

    /// <inheritdoc/>
    public IReadOnlyList<string> List()
    {
        machine.Check();
        return _disk.List();
    }

    /// <inheritdoc/>
    public IDiskFile Open(string name, bool writable = true)
    {
        machine.Check();
        return new OpenFile(this, machine, _disk.Open(name, writable));
    }

    /// <inheritdoc/>
    public IDiskFile Create(string name)
    {
        machine.Begin();
        if (_full)
        {
            injected(FaultKind.DiskFull);
            throw new IOException("No space left on device", 28);
        }

        IDiskFile file = _disk.Create(name);
        machine.End();
        return new OpenFile(this, machine, file);
    }

    /// <inheritdoc/>
    public void Rename(string from, string to)
    {
        machine.Begin();
        _disk.Rename(from, to);
        machine.End();
    }

    /// <inheritdoc/>
    public void Delete(string name)
    {
        machine.Begin();
        _disk.Delete(name);
        machine.End();
    }

    /// <inheritdoc/>
    public void Flush()
    {
        machine.Begin();
        FailFlushIfTold();
        _disk.Flush();
        machine.End();
    }

    // The medium loses the pages of a flush that fails; the count is here, so that a crash in between forgets nothing of it.
    private void FailFlushIfTold()
    {
        if (_failingFlushes > 0)
        {
            _failingFlushes--;
            injected(FaultKind.FlushFailed);
            _disk.FailFlushes();
        }
    }

    private void Apply()
    {
        if (_full)
        {
            _disk.FailWritesAfter(100);
        }
        else
        {
            _disk.HealWrites();
        }
    }

    private sealed class OpenFile(SimulatedDisk disk, SimulatedMachine machine, IDiskFile file) : IDiskFile
    {
        public string Name => file.Name;

        public long Length
        {
            get
            {
                machine.Check();
                return file.Length;
            }
        }

        public int Read(long offset, Span<byte> destination)
        {
            machine.Check();
            return file.Read(offset, destination);
        }

        public void Write(long offset, ReadOnlySpan<byte> bytes)
        {
            machine.Begin();
            if (disk._tearAfter is { } torn)
            {
                disk._tearAfter = null;
                file.Write(offset, bytes[..Math.Min(torn, bytes.Length)]);
                disk.LastTorn = bytes.Length;
                machine.Stop();
                machine.Check();
            }

            try
            {
                file.Write(offset, bytes);
            }
            catch (IOException)
            {
                disk.Refused();
                throw;
            }

            machine.End();
        }

        public void SetLength(long length)
        {
            machine.Begin();
            file.SetLength(length);
            machine.End();
        }

        public void Flush()
        {
            machine.Begin();
            disk.FailFlushIfTold();
            file.Flush();
            machine.End();
        }

        public void Dispose() => file.Dispose();
    }

    private void Refused()
    {
        injected(FaultKind.DiskFull);
        // The partial bytes of a record that is cut away are overwritten, so a few writes in place succeed: give room for exactly that again.
        _disk.FailWritesAfter(100);
    }
}
