using Bft.Crypto;
using Bft.Engine;

namespace Bft.Testnet.Clients;

/// <summary>
/// Sends transactions in runs of consecutive sequences and says when they are committed. Safe for many calls at once.
/// </summary>
/// <remarks>
/// Committed means f+1 equal receipts from distinct validators, or a certificate checked against genesis. An implementation tries
/// other validators until it is committed or the call is cancelled; however often it tries, a run is executed once.
/// </remarks>
public interface ITransactionClient : IAsyncDisposable
{
    /// <summary>The client's identity: the first half of every transaction id.</summary>
    Digest Client { get; }

    /// <summary>Returns when so many validators are reachable that one of them is honest, at once when they are already.</summary>
    /// <exception cref="ClientException">They are not, in the time the client gives them; the message has each one's reason.</exception>
    Task ConnectAsync(CancellationToken cancellation);

    /// <summary>Reserves consecutive sequences that this client never used before.</summary>
    /// <param name="count">How many, at least 1.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <returns>The first of them.</returns>
    ValueTask<ulong> ReserveAsync(int count, CancellationToken cancellation);

    /// <summary>Sends a run and waits for its commit. Sent again with the same content and sequences, it gives the same result.</summary>
    /// <param name="first">The sequence of the first operation, from <see cref="ReserveAsync"/>.</param>
    /// <param name="operations">The operations, one a sequence.</param>
    /// <param name="cancellation">Stops waiting; the run may still be committed.</param>
    /// <exception cref="RunRejectedException">It was refused for good.</exception>
    /// <exception cref="ClientException">Too few validators are reachable: nobody knows what became of it.</exception>
    Task<RunResult> SubmitAsync(ulong first, IReadOnlyList<Operation> operations, CancellationToken cancellation);

    /// <summary>The same with commands that are encoded already: those of key generations.</summary>
    /// <exception cref="RunRejectedException">They were refused for good.</exception>
    /// <exception cref="ClientException">Too few validators are reachable: nobody knows what became of them.</exception>
    Task<RunResult> SubmitAsync(ulong first, IReadOnlyList<ReadOnlyMemory<byte>> commands, CancellationToken cancellation);
}

/// <summary>The committed result of a run.</summary>
/// <param name="Client">Whose run it was.</param>
/// <param name="First">The sequence of its first transaction.</param>
/// <param name="Height">The height that executed it.</param>
/// <param name="Codes">One result a transaction, or a single byte when all are equal; <see cref="ResultCodes"/> says what they mean.</param>
public sealed record RunResult(Digest Client, ulong First, Height Height, ReadOnlyMemory<byte> Codes)
{
    /// <summary>The result of a transaction of the run.</summary>
    public byte CodeAt(int index) => Codes.Length == 1 ? Codes.Span[0] : Codes.Span[index];

    /// <summary>The name of a transaction of the run.</summary>
    public TransactionId IdAt(int index) => new(Client, First + (ulong)index);
}

/// <summary>The testnet refused something, did not answer, or answered what cannot be believed.</summary>
/// <param name="what">What happened.</param>
/// <param name="where">The endpoint or the part of the answer.</param>
/// <param name="todo">What to do about it.</param>
/// <param name="inner">What was caught, if anything.</param>
public class ClientException(string what, string where, string todo, Exception? inner = null) : DiagnosedException(what, where, todo, inner);

/// <summary>So many validators refused a run that one of them is honest: the run itself is at fault, not the way to the validators.</summary>
/// <param name="what">Why they refused it.</param>
/// <param name="where">The run.</param>
/// <param name="todo">What to do about it.</param>
public sealed class RunRejectedException(string what, string where, string todo) : ClientException(what, where, todo);
