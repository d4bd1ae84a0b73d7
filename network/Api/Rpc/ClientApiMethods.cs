using Bft.Network.Api.Frames;
using Bft.Network.Protocol;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Grpc.Core;

namespace Bft.Network.Api.Rpc;

/// <summary>
/// The methods of <c>client.proto</c> as gRPC knows them, with frames left as raw bytes. On the wire they are the generated ones.
/// </summary>
public static class ClientApiMethods
{
    private const string ServiceName = "bft.v1.ClientApi";

    /// <summary>Runs in, acknowledgements and receipts out.</summary>
    public static Method<RawFrame, RawFrame> Submit { get; } =
        new(MethodType.DuplexStreaming, ServiceName, nameof(Submit), RawFrame.Marshaller, RawFrame.Marshaller);

    /// <summary>Receipts out.</summary>
    public static Method<RawFrame, RawFrame> Receipts { get; } =
        new(MethodType.ServerStreaming, ServiceName, nameof(Receipts), RawFrame.Marshaller, RawFrame.Marshaller);

    /// <summary>Committed blocks out.</summary>
    public static Method<WatchRequest, RawFrame> Watch { get; } =
        new(MethodType.ServerStreaming, ServiceName, nameof(Watch), Message(WatchRequest.Parser), RawFrame.Marshaller);

    private static readonly Method<QueryRequest, SignedAnswer> Query = Unary(nameof(Query), QueryRequest.Parser, SignedAnswer.Parser);
    private static readonly Method<ReadIndexRequest, SignedAnswer> ReadIndex = Unary(nameof(ReadIndex), ReadIndexRequest.Parser, SignedAnswer.Parser);
    private static readonly Method<ProveRequest, ProveReply> Prove = Unary(nameof(Prove), ProveRequest.Parser, ProveReply.Parser);
    private static readonly Method<StatusRequest, StatusReply> Status = Unary(nameof(Status), StatusRequest.Parser, StatusReply.Parser);
    private static readonly Method<BlockRequest, BlockReply> GetBlock = Unary(nameof(GetBlock), BlockRequest.Parser, BlockReply.Parser);
    private static readonly Method<TransactionRequest, TransactionReply> GetTransaction = Unary(nameof(GetTransaction), TransactionRequest.Parser, TransactionReply.Parser);

    /// <summary>The service as reflection describes it; found by name by the reflection service.</summary>
    public static ServiceDescriptor Descriptor => ClientApi.Descriptor;

    /// <summary>Registers the methods; called by the gRPC server, which may give no service when it only wants to know the methods.</summary>
    public static void BindService(ServiceBinderBase binder, ServiceBase? service)
    {
        ArgumentNullException.ThrowIfNull(binder);
        binder.AddMethod(Submit, service is null ? null : new DuplexStreamingServerMethod<RawFrame, RawFrame>(service.Submit));
        binder.AddMethod(Receipts, service is null ? null : new ServerStreamingServerMethod<RawFrame, RawFrame>(service.Receipts));
        binder.AddMethod(Watch, service is null ? null : new ServerStreamingServerMethod<WatchRequest, RawFrame>(service.Watch));
        binder.AddMethod(Query, service is null ? null : new UnaryServerMethod<QueryRequest, SignedAnswer>(service.Query));
        binder.AddMethod(ReadIndex, service is null ? null : new UnaryServerMethod<ReadIndexRequest, SignedAnswer>(service.ReadIndex));
        binder.AddMethod(Prove, service is null ? null : new UnaryServerMethod<ProveRequest, ProveReply>(service.Prove));
        binder.AddMethod(Status, service is null ? null : new UnaryServerMethod<StatusRequest, StatusReply>(service.Status));
        binder.AddMethod(GetBlock, service is null ? null : new UnaryServerMethod<BlockRequest, BlockReply>(service.GetBlock));
        binder.AddMethod(GetTransaction, service is null ? null : new UnaryServerMethod<TransactionRequest, TransactionReply>(service.GetTransaction));
    }

    private static Method<TRequest, TReply> Unary<TRequest, TReply>(string name, MessageParser<TRequest> request, MessageParser<TReply> reply)
        where TRequest : class, IMessage<TRequest>
        where TReply : class, IMessage<TReply> => new(MethodType.Unary, ServiceName, name, Message(request), Message(reply));

    private static Marshaller<T> Message<T>(MessageParser<T> parser)
        where T : class, IMessage<T> => Marshallers.Create<T>(
            static (message, context) =>
            {
                context.SetPayloadLength(message.CalculateSize());
                message.WriteTo(context.GetBufferWriter());
                context.Complete();
            },
            context =>
            {
                try
                {
                    return parser.ParseFrom(context.PayloadAsReadOnlySequence());
                }
                catch (InvalidProtocolBufferException malformed)
                {
                    throw Refusals.Malformed($"The message is not a protobuf {typeof(T).Name}: {malformed.Message}");
                }
            });

    /// <summary>What a service implements.</summary>
    [BindServiceMethod(typeof(ClientApiMethods), nameof(BindService))]
    public abstract class ServiceBase
    {
        /// <summary>Runs in, acknowledgements and receipts out.</summary>
        public abstract Task Submit(IAsyncStreamReader<RawFrame> requestStream, IServerStreamWriter<RawFrame> responseStream, ServerCallContext context);

        /// <summary>Receipts out.</summary>
        public abstract Task Receipts(RawFrame request, IServerStreamWriter<RawFrame> responseStream, ServerCallContext context);

        /// <summary>Committed blocks out.</summary>
        public abstract Task Watch(WatchRequest request, IServerStreamWriter<RawFrame> responseStream, ServerCallContext context);

        /// <summary>A key's value.</summary>
        public abstract Task<SignedAnswer> Query(QueryRequest request, ServerCallContext context);

        /// <summary>The read index.</summary>
        public abstract Task<SignedAnswer> ReadIndex(ReadIndexRequest request, ServerCallContext context);

        /// <summary>A key's value with its proof.</summary>
        public abstract Task<ProveReply> Prove(ProveRequest request, ServerCallContext context);

        /// <summary>The validator's state.</summary>
        public abstract Task<StatusReply> Status(StatusRequest request, ServerCallContext context);

        /// <summary>A committed block.</summary>
        public abstract Task<BlockReply> GetBlock(BlockRequest request, ServerCallContext context);

        /// <summary>Where a transaction is.</summary>
        public abstract Task<TransactionReply> GetTransaction(TransactionRequest request, ServerCallContext context);
    }
}
