using System.Collections.Immutable;
using Bft.Engine.Encoding;

namespace Bft.Engine.Tests.Toys;

/// <summary>What replicas of <see cref="PrimaryWindow"/> say to each other.</summary>
internal static class PrimaryWindowMessages
{
    public static ProtocolMessage? Decode(Chain chain, byte kind, ref CanonicalReader reader)
    {
        var view = new View(reader.Ordinal());
        switch (kind)
        {
            case 1:
                return new Prepare(view);
            case 2:
                var committed = new Height(reader.Ordinal());
                var votes = ImmutableArray.CreateBuilder<Vote>();
                for (int count = Math.Min((int)reader.UInt16(), 1024); count > 0 && !reader.Failed; count--)
                {
                    votes.Add(Vote.Decode(ref reader));
                }

                return new Promise(view, committed, votes.ToImmutable());
            case 3:
                var upTo = new Height(reader.Ordinal());
                return Block.TryDecode(chain, reader.Bytes(chain.Limits.MaxBlockBytes), out Block? block) ? new Accept(view, upTo, block!) : null;
            case 4:
                return new Accepted(view, Vote.Decode(ref reader));
            case 5:
                return new Point(view, new Height(reader.Ordinal()));
            default:
                return null;
        }
    }

    public abstract class Message(byte kind, View view) : ProtocolMessage
    {
        public View View { get; } = view;

        public override byte Kind { get; } = kind;

        public override Phase Phase => Kind <= 2 ? Phase.ViewChange : Phase.Steady;

        public override int Authenticators => 0;

        /// <summary>Only the primary asks, proposes and tells what is committed.</summary>
        public override bool Verify(ReplicaId sender, IClaims claims) => this is Promise or Accepted || sender == PrimaryWindow.Primary;

        public override void Encode(CanonicalWriter writer)
        {
            writer.UInt64(View.Value);
            EncodeContent(writer);
        }

        protected virtual void EncodeContent(CanonicalWriter writer)
        {
        }
    }

    /// <summary>The primary began a new life: promise to accept nothing of an earlier one.</summary>
    public sealed class Prepare(View view) : Message(1, view);

    /// <summary>Promised; this is what was accepted and not committed yet.</summary>
    public sealed class Promise(View view, Height committed, ImmutableArray<Vote> accepted) : Message(2, view)
    {
        public Height Committed { get; } = committed;

        public ImmutableArray<Vote> Accepted { get; } = accepted;

        protected override void EncodeContent(CanonicalWriter writer)
        {
            writer.UInt64(Committed.Value);
            writer.UInt16((ushort)Accepted.Length);
            foreach (Vote vote in Accepted)
            {
                vote.Encode(writer);
            }
        }
    }

    /// <summary>The primary's block for a slot.</summary>
    public sealed class Accept(View view, Height upTo, Block block) : Message(3, view)
    {
        public Height UpTo { get; } = upTo;

        public Block Block { get; } = block;

        public override Block CarriedBlock => Block;

        protected override void EncodeContent(CanonicalWriter writer)
        {
            writer.UInt64(UpTo.Value);
            writer.Bytes(Block.Encoded.Span);
        }
    }

    /// <summary>The block is on the sender's disk.</summary>
    public sealed class Accepted(View view, Vote vote) : Message(4, view)
    {
        public Vote Vote { get; } = vote;

        protected override void EncodeContent(CanonicalWriter writer) => Vote.Encode(writer);
    }

    /// <summary>How far the primary has committed.</summary>
    public sealed class Point(View view, Height upTo) : Message(5, view)
    {
        public Height UpTo { get; } = upTo;

        protected override void EncodeContent(CanonicalWriter writer) => writer.UInt64(UpTo.Value);
    }
}
