using Bft.Engine;
using Bft.Engine.Transport;

namespace Bft.Simulation.Mutations;

/// <summary>What leaves a replica and what is booked of it, broken once each.</summary>
internal static class MutatedTransports
{
    private const string Bill = "meters, wire and the table's formula agree; SCENARIOS O-46";

    public static IReadOnlyList<Mutation> All { get; } =
    [
        Of("double-broadcast", "sends everything twice", Bill, options => options with { WrapTransport = inner => new SendsTwice(inner, 1) }),
        Of("hidden-retransmission", "sends every hundredth consensus message again and books it once", Bill, options => options with { WrapTransport = inner => new SendsTwice(inner, 100) }),
        Of("unbooked-message", "books all consensus messages but every hundredth", Bill, options => options with { WrapMeter = inner => new Forgetful(inner) }),
        Of("own-messages-booked", "books what a replica says to itself", "messages to oneself are not metered; SCENARIOS O-46, DESIGN \"Send\"", BooksOwn),
    ];

    private static Mutation Of(string name, string does, string rule, Func<WorldOptions, WorldOptions> apply) => new(name, does) { Rule = rule, By = "O-46", Apply = apply };

    // Meter and loop of one replica are made one after the other.
    private static WorldOptions BooksOwn(WorldOptions options)
    {
        IMeter? latest = null;
        return options with
        {
            WrapMeter = inner => latest = inner,
            WrapLoop = (protocol, context) => new Bookkeeper(context.Self, latest!).Around(protocol),
        };
    }

    private sealed class SendsTwice(ITransport inner, int every) : ITransport
    {
        private int _sent;

        public void Send(ReplicaId to, TrafficClass traffic, ReadOnlyMemory<byte> message)
        {
            inner.Send(to, traffic, message);
            if (traffic == TrafficClass.Consensus && ++_sent % every == 0)
            {
                inner.Send(to, traffic, message);
            }
        }
    }

    private sealed class Forgetful(IMeter inner) : IMeter
    {
        private int _sent;

        public void Sent(TrafficClass traffic, byte kind, Phase phase, int bytes, int authenticators)
        {
            if (traffic != TrafficClass.Consensus || ++_sent % 100 != 0)
            {
                inner.Sent(traffic, kind, phase, bytes, authenticators);
            }
        }

        public void Signed(int signatures) => inner.Signed(signatures);

        public void Verified(int signatures) => inner.Verified(signatures);
    }

    private sealed class Bookkeeper(ReplicaId self, IMeter meter) : ChangedProtocol
    {
        public override void Send(ReplicaId to, ProtocolMessage message)
        {
            if (to == self)
            {
                meter.Sent(TrafficClass.Consensus, message.Kind, message.Phase, 0, message.Authenticators);
            }

            base.Send(to, message);
        }
    }
}
