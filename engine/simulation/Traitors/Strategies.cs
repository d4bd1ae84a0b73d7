using Bft.Engine;
using Bft.Engine.Encoding;
using Bft.Engine.Execution;
using Bft.Engine.Sync;
using Bft.Engine.Transport;

namespace Bft.Simulation.Traitors;

/// <summary>Says nothing from some moment on, to anybody; it goes on listening.</summary>
/// <param name="from">When it falls silent.</param>
public sealed class SilentStrategy(TimeSpan from) : Strategy
{
    /// <inheritdoc/>
    public override FaultKind Fault => FaultKind.Silence;

    /// <inheritdoc/>
    public override void Send(Traitor self, ReplicaId to, TrafficClass traffic, byte[] bytes)
    {
        if (self.World.Time.Now < from)
        {
            self.Pass(to, bytes);
            return;
        }

        self.Count();
    }

    /// <inheritdoc/>
    public override Receipt? Reply(Traitor self, Receipt receipt) => self.World.Time.Now < from ? receipt : null;

    /// <inheritdoc/>
    public override (bool Found, byte[] Value, Height Height)? Answer(Traitor self, bool found, byte[] value, Height height) =>
        self.World.Time.Now < from ? (found, value, height) : null;
}

/// <summary>Keeps one kind of consensus message to itself (votes, or timeouts, or proposals), and answers no request for blocks; another kind after a while.</summary>
public sealed class WithholdingStrategy : Strategy
{
    private int _kind;

    /// <inheritdoc/>
    public override FaultKind Fault => FaultKind.Withholding;

    /// <inheritdoc/>
    public override TimeSpan Interval => TimeSpan.FromMilliseconds(350);

    /// <inheritdoc/>
    public override void Begin(Traitor self) => Tick(self);

    /// <inheritdoc/>
    public override void Tick(Traitor self) => _kind = self.Random.Between(1, 4);

    /// <inheritdoc/>
    public override void Send(Traitor self, ReplicaId to, TrafficClass traffic, byte[] bytes)
    {
        bool withheld = traffic == TrafficClass.Consensus
            ? bytes[1] == _kind
            : traffic == TrafficClass.Repair && bytes[1] is (byte)RepairKind.Block or (byte)RepairKind.Range;
        if (withheld)
        {
            self.Count();
            return;
        }

        self.Pass(to, bytes);
    }
}

/// <summary>Delays what it sends to a victim, about as long as a view lasts: on time for some, late for the victim. The victim changes.</summary>
public sealed class SelectiveDelayStrategy : Strategy
{
    private int _victim;

    /// <inheritdoc/>
    public override FaultKind Fault => FaultKind.SelectiveDelay;

    /// <inheritdoc/>
    public override TimeSpan Interval => TimeSpan.FromMilliseconds(170);

    /// <inheritdoc/>
    public override void Begin(Traitor self) => Tick(self);

    /// <inheritdoc/>
    public override void Tick(Traitor self) => _victim = self.Someone().Value;

    /// <inheritdoc/>
    public override void Send(Traitor self, ReplicaId to, TrafficClass traffic, byte[] bytes)
    {
        if (to.Value != _victim)
        {
            self.Pass(to, bytes);
            return;
        }

        TimeSpan view = self.World.Options.ProtocolOptions.ViewTimeout;
        self.PassLater(to, bytes, self.Random.Between(view * 0.9, view * 1.1));
    }
}

/// <summary>Shows each message to a set of the others that it draws anew every so often; those left out see nothing.</summary>
public sealed class SelectiveSendStrategy : Strategy
{
    private ulong _shown;

    /// <inheritdoc/>
    public override FaultKind Fault => FaultKind.SelectiveSend;

    /// <inheritdoc/>
    public override TimeSpan Interval => TimeSpan.FromMilliseconds(30);

    /// <inheritdoc/>
    public override void Begin(Traitor self) => Tick(self);

    /// <inheritdoc/>
    public override void Tick(Traitor self) => _shown = self.Random.Next();

    /// <inheritdoc/>
    public override void Send(Traitor self, ReplicaId to, TrafficClass traffic, byte[] bytes)
    {
        if ((_shown >> (to.Value % 64) & 1) == 0 && !self.IsAccomplice(to))
        {
            self.Count();
            return;
        }

        self.Pass(to, bytes);
    }
}

/// <summary>Keeps what it sent and heard and sends it again later, to anybody, as itself: stale proposals, votes of others, old answers.</summary>
public sealed class ReplayStrategy : Strategy
{
    private const int Kept = 512;

    private readonly List<byte[]> _kept = [];

    /// <inheritdoc/>
    public override FaultKind Fault => FaultKind.Replay;

    /// <inheritdoc/>
    public override void Send(Traitor self, ReplicaId to, TrafficClass traffic, byte[] bytes)
    {
        Keep(self, bytes);
        self.Pass(to, bytes);
    }

    /// <inheritdoc/>
    public override bool Receive(Traitor self, ReplicaId from, byte[] bytes)
    {
        Keep(self, bytes);
        return true;
    }

    /// <inheritdoc/>
    public override void Tick(Traitor self)
    {
        for (int i = 0; i < 4 && _kept.Count > 0; i++)
        {
            self.Count();
            self.Pass(self.Someone(), _kept[self.Random.Below(_kept.Count)]);
        }
    }

    private void Keep(Traitor self, byte[] bytes)
    {
        if (_kept.Count < Kept)
        {
            _kept.Add(bytes);
        }
        else if (self.Random.Below(8) == 0)
        {
            _kept[self.Random.Below(Kept)] = bytes;
        }
    }
}

/// <summary>Damages some of what it sends: flipped bits, cut ends, added ends, wrong lengths, and pure noise.</summary>
public sealed class GarblingStrategy : Strategy
{
    /// <inheritdoc/>
    public override FaultKind Fault => FaultKind.Garbling;

    /// <inheritdoc/>
    public override void Send(Traitor self, ReplicaId to, TrafficClass traffic, byte[] bytes)
    {
        if (self.Random.Below(3) != 0)
        {
            self.Pass(to, bytes);
            return;
        }

        self.Count();
        self.Pass(to, Damage(self.Random, bytes));
    }

    /// <inheritdoc/>
    public override void Tick(Traitor self)
    {
        var noise = new byte[self.Random.Below(300)];
        for (int i = 0; i < noise.Length; i++)
        {
            noise[i] = (byte)self.Random.Next();
        }

        if (noise.Length > 1)
        {
            (noise[0], noise[1]) = ((byte)self.Random.Between(0, 4), (byte)self.Random.Between(0, 7));
        }

        self.Count();
        self.Pass(self.Someone(), noise);
    }

    private static byte[] Damage(Randomness random, byte[] bytes)
    {
        switch (random.Below(4))
        {
            case 0:
                return bytes[..random.Below(bytes.Length)];
            case 1:
                return [.. bytes, (byte)random.Next()];
            case 2:
                // The first bytes of some field become a length that no message has.
                byte[] lying = [.. bytes];
                int at = random.Below(Math.Max(1, lying.Length - 4));
                BitConverter.TryWriteBytes(lying.AsSpan(at), random.Below(2) == 0 ? int.MaxValue : -1);
                return lying;
            default:
                byte[] flipped = [.. bytes];
                flipped[random.Below(flipped.Length)] ^= (byte)(1 << random.Below(8));
                return flipped;
        }
    }
}

/// <summary>Sends far more than anybody needs: requests for blocks, copies of what it has, and large nonsense, in bursts at one victim after the other.</summary>
public sealed class FloodingStrategy : Strategy
{
    private const int Burst = 60;

    private byte[] _last = [];

    /// <inheritdoc/>
    public override FaultKind Fault => FaultKind.Flooding;

    /// <inheritdoc/>
    public override TimeSpan Interval => TimeSpan.FromMilliseconds(60);

    /// <inheritdoc/>
    public override void Send(Traitor self, ReplicaId to, TrafficClass traffic, byte[] bytes)
    {
        _last = bytes;
        self.Pass(to, bytes);
    }

    /// <inheritdoc/>
    public override void Tick(Traitor self)
    {
        ReplicaId victim = self.Someone();
        byte[] request = RepairMessages.RangeRequest(new Height(1), RepairMessages.MaxRangeBlocks);
        var large = new byte[32 << 10];
        (large[0], large[1]) = ((byte)TrafficClass.Consensus, (byte)self.Random.Between(1, 5));
        for (int i = 0; i < Burst; i++)
        {
            self.Count();
            // A few requests are enough to ask for everything several times a second; each is answered with hundreds of blocks.
            self.Pass(victim, (i % 20) switch { 0 => request, < 8 => large, _ => _last });
        }
    }
}

/// <summary>Claims a height and a view that it is not at, to whoever asks or not, and offers blocks that nobody committed.</summary>
public sealed class LyingHeadStrategy : Strategy
{
    /// <inheritdoc/>
    public override FaultKind Fault => FaultKind.Lying;

    /// <inheritdoc/>
    public override void Send(Traitor self, ReplicaId to, TrafficClass traffic, byte[] bytes)
    {
        if (traffic == TrafficClass.Repair && bytes[1] == (byte)RepairKind.Head)
        {
            var reader = new CanonicalReader(bytes);
            reader.Raw(2 + 8 + 8);
            ulong nonce = reader.UInt64();
            self.Count();
            self.Pass(to, RepairMessages.Head(new Height(Lie(self)), new View(Lie(self)), nonce));
            return;
        }

        self.Pass(to, bytes);
    }

    /// <inheritdoc/>
    public override void Tick(Traitor self)
    {
        self.Count();
        self.Pass(self.Someone(), RepairMessages.Head(new Height(Lie(self)), new View(Lie(self)), 0));
    }

    private static ulong Lie(Traitor self) => self.Random.Below(3) switch
    {
        0 => 1UL << self.Random.Between(8, 62),
        1 => self.Instance.Committed.Value + (ulong)self.Random.Between(1, 500),
        _ => (ulong)self.Random.Below((int)Math.Min(self.Instance.Committed.Value + 1, int.MaxValue)),
    };
}

/// <summary>Tells clients what is not so: other results, other values; all traitors tell the same lie.</summary>
public sealed class FalseReplyStrategy : Strategy
{
    /// <inheritdoc/>
    public override FaultKind Fault => FaultKind.FalseReply;

    /// <inheritdoc/>
    public override Receipt? Reply(Traitor self, Receipt receipt)
    {
        self.Count();
        return receipt with { Codes = new byte[] { receipt.CodeAt(0) == 0 ? (byte)2 : (byte)0 } };
    }

    /// <inheritdoc/>
    public override (bool Found, byte[] Value, Height Height)? Answer(Traitor self, bool found, byte[] value, Height height)
    {
        self.Count();
        return (!found, found ? [] : "never written"u8.ToArray(), new Height(height.Value + 100));
    }
}

/// <summary>Loses its journal again and again and goes on as if it had never signed: what a node without a mark beside its key would do.</summary>
public sealed class AmnesiaStrategy : Strategy
{
    /// <inheritdoc/>
    public override FaultKind Fault => FaultKind.Amnesia;

    /// <inheritdoc/>
    public override TimeSpan Interval => TimeSpan.FromMilliseconds(400);

    /// <inheritdoc/>
    public override void Tick(Traitor self)
    {
        self.Instance.Forget();
        self.Instance.RestartAfter(TimeSpan.FromMilliseconds(self.Random.Between(1, 60)));
    }
}

/// <summary>
/// One face of a replica that has several: an unmodified instance that some of the others see and hear, while its twins, with the same key and a state of their
/// own, are shown to the rest. Who sees whom is drawn anew from time to time. So it equivocates in every way in which the protocol lets it: proposals,
/// votes, timeouts.
/// </summary>
/// <param name="faces">What the faces of this replica share.</param>
/// <param name="face">Which of them this is.</param>
public sealed class TwoFacedStrategy(TwoFacedStrategy.Faces faces, int face) : Strategy
{
    /// <inheritdoc/>
    public override FaultKind Fault => FaultKind.Equivocation;

    /// <inheritdoc/>
    public override TimeSpan Interval => TimeSpan.FromMilliseconds(90);

    /// <inheritdoc/>
    public override void Send(Traitor self, ReplicaId to, TrafficClass traffic, byte[] bytes)
    {
        if (faces.FaceFor(to) == face || self.IsAccomplice(to))
        {
            self.Count();
            self.Pass(to, bytes);
        }
    }

    /// <inheritdoc/>
    public override bool Receive(Traitor self, ReplicaId from, byte[] bytes) => faces.FaceFor(from) == face || self.IsAccomplice(from);

    /// <inheritdoc/>
    public override void Tick(Traitor self)
    {
        if (face == 0)
        {
            faces.Draw(self.Random);
        }
    }

    /// <summary>Which of the others sees which face; shared by all conspirators, so that they show the same world to the same victim.</summary>
    public sealed class Faces
    {
        private ulong _side = 0x5555555555555555;

        /// <summary>The face that a replica sees.</summary>
        public int FaceFor(ReplicaId id) => (int)(_side >> (id.Value % 64) & 1);

        /// <summary>Shows the faces to others.</summary>
        public void Draw(Randomness random)
        {
            if (random.Below(4) == 0)
            {
                _side = random.Next();
            }
        }
    }
}
