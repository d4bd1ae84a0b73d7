using Bft.Engine.Encoding;

namespace Bft.Engine.Tests.Toys;

/// <summary>What replicas of <see cref="CutBack"/> say to each other. The term is the view of the port.</summary>
internal static class CutBackMessages
{
    public static ProtocolMessage? Decode(Chain chain, byte kind, ref CanonicalReader reader)
    {
        var term = new View(reader.Ordinal());
        switch (kind)
        {
            case 1:
                return new Canvass(term, new View(reader.Ordinal()), new Height(reader.Ordinal()));
            case 2:
                return new Grant(term, Vote.Decode(ref reader));
            case 3:
                var commit = new Height(reader.Ordinal());
                return Block.TryDecode(chain, reader.Bytes(chain.Limits.MaxBlockBytes), out Block? block) ? new Append(term, commit, block!) : null;
            case 4:
                return new Appended(term, Vote.Decode(ref reader));
            case 5:
                return new Lacking(term, new Height(reader.Ordinal()));
            case 6:
                return new Heartbeat(term, new Height(reader.Ordinal()));
            default:
                return null;
        }
    }

    public abstract class Message(byte kind, View term) : ProtocolMessage
    {
        public View Term { get; } = term;

        public override byte Kind { get; } = kind;

        public override Phase Phase => Kind <= 2 ? Phase.ViewChange : Phase.Steady;

        public override int Authenticators => 0;

        public override bool Verify(ReplicaId sender, IClaims claims) => true;

        public override void Encode(CanonicalWriter writer)
        {
            writer.UInt64(Term.Value);
            EncodeContent(writer);
        }

        protected abstract void EncodeContent(CanonicalWriter writer);
    }

    /// <summary>A candidate asks for votes and shows the end of its log.</summary>
    public sealed class Canvass(View term, View lastTerm, Height last) : Message(1, term)
    {
        public View LastTerm { get; } = lastTerm;

        public Height Last { get; } = last;

        protected override void EncodeContent(CanonicalWriter writer)
        {
            writer.UInt64(LastTerm.Value);
            writer.UInt64(Last.Value);
        }
    }

    /// <summary>A vote for a candidate.</summary>
    public sealed class Grant(View term, Vote vote) : Message(2, term)
    {
        public Vote Vote { get; } = vote;

        protected override void EncodeContent(CanonicalWriter writer) => Vote.Encode(writer);
    }

    /// <summary>The leader's block: whoever has its parent cuts its log back to it and appends.</summary>
    public sealed class Append(View term, Height commit, Block block) : Message(3, term)
    {
        public Height Commit { get; } = commit;

        public Block Block { get; } = block;

        public override Block CarriedBlock => Block;

        protected override void EncodeContent(CanonicalWriter writer)
        {
            writer.UInt64(Commit.Value);
            writer.Bytes(Block.Encoded.Span);
        }
    }

    /// <summary>The log up to the block is on the sender's disk, as the leader has it.</summary>
    public sealed class Appended(View term, Vote vote) : Message(4, term)
    {
        public Vote Vote { get; } = vote;

        protected override void EncodeContent(CanonicalWriter writer) => Vote.Encode(writer);
    }

    /// <summary>The sender's log has no parent for what came: begin after that height.</summary>
    public sealed class Lacking(View term, Height after) : Message(5, term)
    {
        public Height After { get; } = after;

        protected override void EncodeContent(CanonicalWriter writer) => writer.UInt64(After.Value);
    }

    /// <summary>The leader lives and has committed that far.</summary>
    public sealed class Heartbeat(View term, Height commit) : Message(6, term)
    {
        public Height Commit { get; } = commit;

        protected override void EncodeContent(CanonicalWriter writer) => writer.UInt64(Commit.Value);
    }
}
