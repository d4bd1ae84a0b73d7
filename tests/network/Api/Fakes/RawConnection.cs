using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Bft.Network.Tests.Api.Fakes;

/// <summary>A TCP connection that says what the test says, byte by byte, and hears what the server answers.</summary>
internal sealed class RawConnection : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    private readonly Socket _socket;

    private RawConnection(Socket socket) => _socket = socket;

    /// <summary>Connects.</summary>
    public static async Task<RawConnection> OpenAsync(IPEndPoint server)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(server);
        return new RawConnection(socket);
    }

    /// <summary>Sends; what a server that has hung up does not want is nobody's loss.</summary>
    public async Task SendAsync(ReadOnlyMemory<byte> bytes)
    {
        try
        {
            while (bytes.Length > 0)
            {
                bytes = bytes[await _socket.SendAsync(bytes)..];
            }
        }
        catch (SocketException)
        {
            // The end of the connection is what ReadToEndAsync sees.
        }
    }

    /// <summary>Sends text.</summary>
    public Task SendAsync(string text) => SendAsync(Encoding.Latin1.GetBytes(text));

    /// <summary>Reads until the text has come.</summary>
    public async Task<string> ReadUntilAsync(string end)
    {
        var heard = new StringBuilder();
        while (!heard.ToString().Contains(end, StringComparison.Ordinal))
        {
            string more = await ReadAsync();
            Assert.True(more.Length > 0, $"hung up after: {heard}");
            heard.Append(more);
        }

        return heard.ToString();
    }

    /// <summary>Waits until the server hangs up; all that it said.</summary>
    public async Task<string> ReadToEndAsync()
    {
        var heard = new StringBuilder();
        while (await ReadAsync() is { Length: > 0 } more)
        {
            heard.Append(more);
        }

        return heard.ToString();
    }

    /// <inheritdoc/>
    public void Dispose() => _socket.Dispose();

    private async Task<string> ReadAsync()
    {
        var buffer = new byte[4096];
        using var patience = new CancellationTokenSource(Patience);
        try
        {
            return Encoding.Latin1.GetString(buffer, 0, await _socket.ReceiveAsync(buffer, patience.Token));
        }
        catch (SocketException)
        {
            return "";
        }
    }
}
